//! Scripts that shfmt reads in another way, and why ours is right. Bash 5.2 was asked about each.

/// A script on which the readers differ.
pub(crate) struct Row {
    pub(crate) script: &'static str,
    /// Our commands, as `answers.py` writes those of shfmt into `differences.txt`.
    pub(crate) ours: &'static str,
    /// Ours says that it did not read all of it.
    pub(crate) is_said: bool,
    pub(crate) reason: &'static str,
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        script: "alpha +(x|$(beta))\n",
        ours: "alpha/2 beta/1",
        is_said: false,
        reason: "shfmt keeps what stands in a pattern of extglob as text; Bash runs the substitution.",
    },
    Row {
        script: "alpha | time -p beta\n",
        ours: "alpha/1 time/3",
        is_said: false,
        reason: "`time` is a word of the grammar at the beginning of a pipeline only; here it is a program.",
    },
    Row {
        script: "let 'X+=1' y++&&$X beta\n",
        ours: "*/2 let/",
        is_said: false,
        reason: "`let` is a command: `&&` ends it. shfmt takes it for a part of the expression.",
    },
    Row {
        script: "alpha <<'E' | [[ ( -n $X || ! -e /x ) ]]\n$((1 + 2))\nE\n",
        ours: "[[/ alpha/1",
        is_said: false,
        reason: "Behind `]]` shfmt reads a line of the here-document as a command.",
    },
    Row {
        script: "alpha <<E | readonly X=(\n a\n)\nE\nbeta\n",
        ours: "E/1 a/1 alpha/1 beta/1",
        is_said: true,
        reason: "The text of a here-document begins on the next line, within an array too: Bash refuses this script.",
    },
    Row {
        script: "alpha \"${X:-it's}\" 'a b' c\n",
        ours: "alpha/4",
        is_said: true,
        reason: "Between double quotes the quote of an operand is text to POSIX and a quote to Bash: both are said.",
    },
    Row {
        script: "alpha `beta x\\`gamma\\`y`\n",
        ours: "alpha/2 beta/2 gamma/1",
        is_said: false,
        reason: "shfmt ends a word at the backtick inside; it is a part of the word.",
    },
    Row {
        script: "alpha `beta \\`\\\\\\\\gamma x\\``\n",
        ours: "alpha/2 beta/2 gamma/2",
        is_said: false,
        reason: "shfmt leaves a backslash in the name that the shell has taken away when it reads the text.",
    },
];
