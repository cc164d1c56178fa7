//! The whole verification as a WebAssembly module without imports: no clock, no network, no randomness can reach it.
//!
//! The interface is made of numbers and bytes, so that the module needs nothing of its surroundings and no generated
//! code beside it: whoever calls it writes a question and files into its memory, and reads answers out of it.
//!
//! | export | what |
//! |---|---|
//! | `abi() -> u32` | the version of this interface, 2 |
//! | `question(length) -> pointer` | room for the question, UTF-8 JSON ([`veritee_ask::Question`]); earlier files are forgotten |
//! | `file(length) -> pointer` | room for the next file's bytes, in the order of the question's `files` |
//! | `run() -> u32` | answers it; 0 when there is an answer, 1 when there is an error |
//! | `answer(part) -> pointer`, `answer_length(part)` | 0: the answer or error as JSON; after a verification, each where it was asked for, 1: the report as `--format json` writes it, 2: as `--format html`, 3: as text, 4: the evidence as `--save-evidence` writes it |
//!
//! A pointer is good until the next call: memory may grow and move. One module answers any number of
//! questions: it keeps the last rules with their collateral verified ([`veritee_ask::Session`]), and no answer depends on
//! what was asked before.

use std::cell::RefCell;
use veritee_ask::{ABI, Answer, Session};
use veritee_model::Budget;

#[derive(Default)]
struct Room {
    question: Vec<u8>,
    files: Vec<Vec<u8>>,
    answer: Answer,
}

thread_local! {
    static ROOM: RefCell<Room> = RefCell::new(Room::default());
    static SESSION: RefCell<Session> = const { RefCell::new(Session::new(&Budget::STANDARD)) };
}

getrandom::register_custom_getrandom!(no_randomness);

fn no_randomness(_buffer: &mut [u8]) -> Result<(), getrandom::Error> {
    Err(getrandom::Error::UNSUPPORTED)
}

/// The version of the interface.
#[unsafe(no_mangle)]
pub extern "C" fn abi() -> u32 {
    ABI
}

/// Room for a question.
#[unsafe(no_mangle)]
pub extern "C" fn question(length: usize) -> *mut u8 {
    ROOM.with_borrow_mut(|room| {
        *room = Room { question: vec![0; length], ..Room::default() };
        room.question.as_mut_ptr()
    })
}

/// Room for the next file.
#[unsafe(no_mangle)]
pub extern "C" fn file(length: usize) -> *mut u8 {
    ROOM.with_borrow_mut(|room| {
        room.files.push(vec![0; length]);
        room.files.last_mut().map_or(core::ptr::null_mut(), |file| file.as_mut_ptr())
    })
}

/// Answers the question.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> u32 {
    ROOM.with_borrow_mut(|room| {
        let (question, files) = (core::mem::take(&mut room.question), core::mem::take(&mut room.files));
        room.answer = SESSION.with_borrow_mut(|session| session.answer(&question, &files));
        u32::from(room.answer.failed)
    })
}

/// Where a part of the answer stands.
#[unsafe(no_mangle)]
pub extern "C" fn answer(part: usize) -> *const u8 {
    ROOM.with_borrow(|room| room.answer.part(part).as_ptr())
}

/// How many bytes it has.
#[unsafe(no_mangle)]
pub extern "C" fn answer_length(part: usize) -> usize {
    ROOM.with_borrow(|room| room.answer.part(part).len())
}
