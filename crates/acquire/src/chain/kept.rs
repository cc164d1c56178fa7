//! Going on where an earlier read ended: what an endpoint answered then is not asked again.

use super::{ChainNote, Voice, header};
use veritee_chain::rpc::{Endpoint, Question};

/// Gives each endpoint what it answered before about this block. Its header is asked for once more: where that is another
/// one now, nothing of before is used. Errors are no answers, and asked for again.
pub(super) async fn resume(
    voices: &mut [Voice<'_>],
    before: &[Endpoint],
    block: u64,
    notes: &mut Vec<ChainNote>,
) {
    let question = Question::BlockByNumber(block);
    for voice in voices.iter_mut().filter(|voice| !voice.lost) {
        let Some(before) = before.iter().find(|endpoint| endpoint.url == voice.endpoint.url) else {
            continue;
        };
        let Some(then) = before.answer(&question).and_then(|answer| header(answer).ok()) else { continue };
        let Some(answer) = voice.one(&question, notes).await else { continue };
        if header(&answer).ok().is_none_or(|now| now.hash() != then.hash()) {
            voice.note(format!("block {block} is another one than before: all of it is asked again"), notes);
            continue;
        }
        for (question, answer) in before.asked() {
            let Ok(text) = answer else { continue };
            voice.bytes = voice.bytes.saturating_add(text.len());
            voice.endpoint.add(question.clone(), Ok(text.clone()));
        }
    }
}
