//! A script with its indices: what stands in which stage, who assigns, calls, opens and writes what.

use crate::script::Script;
use crate::script::facts::WriteKind;
use std::collections::HashMap;

/// The commands and pipelines of one stage of a pipeline.
#[derive(Default)]
pub(in crate::script) struct Stage {
    /// The simple command, and the redirections of a compound one.
    pub(in crate::script) direct: Vec<usize>,
    /// Pipelines of the compound command, and of what a shell reads there.
    pub(in crate::script) inner: Vec<usize>,
}

/// A script with its indices.
pub(in crate::script) struct Indexed<'a> {
    pub(in crate::script) script: &'a Script,
    pub(in crate::script) assigned: HashMap<&'a str, Vec<usize>>,
    pub(in crate::script) stages: HashMap<(usize, usize), Stage>,
    /// The pipelines that are the bodies of functions and aliases.
    pub(in crate::script) bodies: HashMap<&'a str, Vec<usize>>,
    /// Commands that call them.
    pub(in crate::script) calls: HashMap<&'a str, Vec<usize>>,
    /// Commands that open a descriptor to read from, each once.
    pub(in crate::script) opened: HashMap<u32, Vec<usize>>,
}

impl<'a> Indexed<'a> {
    pub(in crate::script) fn new(script: &'a Script) -> Self {
        let mut assigned: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, assignment) in script.assignments.iter().enumerate() {
            assigned.entry(&assignment.name).or_default().push(index);
        }
        let mut stages: HashMap<(usize, usize), Stage> = HashMap::new();
        let mut bodies: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, command) in script.commands.iter().enumerate() {
            stages.entry((command.pipeline, command.position)).or_default().direct.push(index);
            if let Some(function) = &command.function {
                let root = root(script, command.pipeline);
                let roots = bodies.entry(function).or_default();
                if roots.last() != Some(&root) {
                    roots.push(root);
                }
            }
        }
        for (index, pipeline) in script.pipelines.iter().enumerate() {
            if let Some(parent) = pipeline.parent {
                stages.entry(parent).or_default().inner.push(index);
            }
        }
        let mut calls: HashMap<&str, Vec<usize>> = HashMap::new();
        if !bodies.is_empty() {
            for (index, command) in script.commands.iter().enumerate() {
                if let Some(program) = command.program()
                    && bodies.contains_key(program)
                {
                    calls.entry(program).or_default().push(index);
                }
            }
        }
        let mut opened: HashMap<u32, Vec<usize>> = HashMap::new();
        for (index, command) in script.commands.iter().enumerate() {
            for redirection in command.redirections.iter().filter(|found| found.operator.starts_with('<')) {
                if let Some(number) = redirection.descriptor.filter(|number| *number > 0) {
                    let list = opened.entry(number).or_default();
                    if list.last() != Some(&index) {
                        list.push(index);
                    }
                }
            }
        }
        Self { script, assigned, stages, bodies, calls, opened }
    }
}

/// The outermost pipeline around one.
pub(in crate::script) fn root(script: &Script, pipeline: usize) -> usize {
    let mut at = pipeline;
    while let Some((parent, _)) = script.pipelines.get(at).and_then(|found| found.parent) {
        at = parent;
    }
    at
}

/// A command that writes a file.
#[derive(Clone, Copy)]
pub(in crate::script) struct Writer {
    pub(in crate::script) script: usize,
    pub(in crate::script) command: usize,
    pub(in crate::script) kind: WriteKind,
}

/// Who writes files of one name.
#[derive(Default)]
pub(in crate::script) struct Named {
    pub(in crate::script) writers: Vec<Writer>,
    /// All that is written was read as commands.
    pub(in crate::script) is_read: bool,
    /// Some command makes the file anew.
    pub(in crate::script) is_new: bool,
    /// For each script the last writers, and the last that fetches.
    last: HashMap<usize, (Writer, Option<Writer>)>,
    fetched: HashMap<usize, Writer>,
}

impl Named {
    pub(in crate::script) fn add(&mut self, writer: Writer, is_read: bool) {
        self.is_read = (self.is_read || self.writers.is_empty()) && is_read;
        self.is_new |= matches!(
            writer.kind,
            WriteKind::Replace | WriteKind::Download | WriteKind::Copy | WriteKind::Tee
        );
        if writer.kind == WriteKind::Download {
            self.fetched.insert(writer.script, writer);
        }
        let before = self.last.get(&writer.script).map(|(last, _)| *last);
        self.last.insert(writer.script, (writer, before.filter(|before| before.command != writer.command)));
        self.writers.push(writer);
    }

    /// The last command of a script that writes the file, but for one.
    pub(in crate::script) fn last_in(&self, script: usize, but: usize) -> Option<usize> {
        let (last, before) = self.last.get(&script)?;
        if last.command == but { before.map(|before| before.command) } else { Some(last.command) }
    }

    /// The last command of a script that fetches the file.
    pub(in crate::script) fn fetched_in(&self, script: usize) -> Option<usize> {
        self.fetched.get(&script).map(|writer| writer.command)
    }
}
