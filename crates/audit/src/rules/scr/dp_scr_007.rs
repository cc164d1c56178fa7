use crate::pattern::pattern;
use crate::rule::{Blocks, Need, Note, Rule, Sink};
use crate::script;
use crate::subject::Subject;
use veritee_model::Severity;

pub(super) const RULE: Rule = Rule {
    id: "DP-SCR-007",
    title: "a script reads what the host supplies unmeasured",
    severity: Severity::High,
    blocks: Blocks::Never,
    needs: &[Need::Manifest],
    remedy: "take settings from the measured document",
    check,
};

pattern!(HOST_FILE, r"user_config|\.user-config|\.?sys-config");

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(view) = &subject.view else { return };
    for script in &view.scripts {
        let lines: Vec<(usize, &str)> = script
            .text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with('#') && HOST_FILE.is_match(line))
            .collect();
        let Some((first, line)) = lines.first() else { continue };
        let published = script.key == "pre_launch_script" && script.known.is_some();
        let severity = if published { Severity::Low } else { Severity::High };
        let number = first.saturating_add(1);
        let evidence =
            format!("{} line {number}: {} ({} lines in all)", script.key, line.trim(), lines.len());
        let place = script::commands(script)
            .iter()
            .find(|item| usize::try_from(item.line).is_ok_and(|at| at >= number))
            .map_or_else(|| script.place.clone(), |item| item.place(script));
        sink.add(Note::fail(&place, evidence).severity(severity));
    }
}
