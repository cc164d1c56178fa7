//! Shell scripts without end: a grammar of Bash with dice. The same number gives the same script on every machine.
//!
//! What is left out on purpose is what shells and readers rightly differ over; each such thing is a row of the table in
//! `differences.rs`.

use crate::dice::Dice;

/// Where the text ends up decides what may stand in it.
struct Generator {
    dice: Dice,
    out: String,
    /// Here-documents that the line has announced.
    pending: Vec<String>,
    /// Commands that may still be written.
    left: usize,
    depth: usize,
    /// Between backticks, or in text that is quoted again: nothing that needs quotes of the other kind.
    plain: usize,
}

const NAMES: &[&str] = &[
    "alpha",
    "beta",
    "curl",
    "docker",
    "sh",
    "cat",
    "tee",
    "gamma-x",
    "/usr/bin/wget",
    "./run.sh",
    "apk",
    "delta_2",
    "a1",
    "echo",
    "printf",
    "test",
    "sleep",
    "python3.11",
    "true",
    ":",
    ".",
    "iptables",
    "mount",
];
const VARIABLES: &[&str] = &["X", "HOME", "_a1", "Path", "url"];

/// The script of this number.
#[must_use]
pub(crate) fn script(number: u64) -> String {
    let mut made = Generator {
        dice: Dice::new(number),
        out: String::new(),
        pending: Vec::new(),
        left: 0,
        depth: 0,
        plain: 0,
    };
    made.left = 3 + made.below(14);
    if made.chance(8) {
        made.out.push_str("#!/bin/bash\n");
    }
    let lines = 1 + made.below(4);
    made.list(lines);
    if !made.pending.is_empty() || made.chance(2) {
        made.newline();
    }
    made.out
}

impl Generator {
    fn below(&mut self, end: usize) -> usize {
        self.dice.below(end)
    }

    /// One time in `of`.
    fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        self.dice.pick(of)
    }

    fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn pushed(&mut self, of: &[&str]) {
        let text = self.pick(of);
        self.push(text);
    }

    /// The end of a line, and the documents that it announced.
    fn newline(&mut self) {
        self.push("\n");
        for document in std::mem::take(&mut self.pending) {
            self.push(&document);
        }
    }

    fn blank(&mut self) {
        match self.below(24) {
            0 => self.push("  "),
            1 => self.push("\t"),
            2 if self.plain == 0 => self.push(" \\\n "),
            _ => self.push(" "),
        }
    }

    /// Between two commands.
    fn separator(&mut self) {
        if !self.pending.is_empty() {
            return self.newline();
        }
        match self.below(10) {
            0..=2 => self.push("; "),
            3 => self.push(" & "),
            4 if self.plain == 0 => {
                self.pushed(&[" # it's a \"comment\" with $(", " # `", " #", " ## }) ;; fi EOF <<E", ";# x"]);
                self.newline();
            }
            5 => {
                self.push(";");
                self.newline();
            }
            6 => {
                self.newline();
                self.push("\n  ");
            }
            _ => self.newline(),
        }
    }

    /// At the end of a list before a reserved word.
    fn close(&mut self) {
        if self.pending.is_empty() && self.chance(2) { self.push("; ") } else { self.newline() }
    }

    fn list(&mut self, count: usize) {
        self.depth += 1;
        for at in 0..count.max(1) {
            if at > 0 {
                self.separator();
            }
            self.and_or();
        }
        self.depth -= 1;
    }

    fn some(&mut self) {
        let count = 1 + self.below(2);
        self.list(count);
    }

    fn and_or(&mut self) {
        self.pipeline();
        while self.left > 0 && self.chance(5) {
            self.pushed(&[" && ", " || ", "&&", "||"]);
            if self.plain == 0 && self.chance(4) {
                self.newline();
            }
            self.pipeline();
        }
    }

    fn pipeline(&mut self) {
        match self.below(24) {
            0 => self.push("! "),
            1 => self.pushed(&["time ", "time -p "]),
            _ => {}
        }
        self.command();
        while self.left > 0 && self.chance(5) {
            self.pushed(&[" | ", "|", " |& ", " | "]);
            if self.plain == 0 && self.chance(5) {
                self.newline();
            }
            self.command();
        }
    }

    fn command(&mut self) {
        self.left = self.left.saturating_sub(1);
        let is_deep = self.depth > 5 || self.left == 0;
        // Of a document that is announced before a parenthesis or `[[` shfmt does not find the text.
        let is_announced = !self.pending.is_empty();
        if is_deep || is_announced || !self.chance(3) {
            return if self.chance(6) { self.hands_on() } else { self.simple() };
        }
        match self.below(17) {
            0 | 1 => {
                self.push("{ ");
                self.some();
                self.close();
                self.push("}");
            }
            2 | 3 => {
                // Two in a row would be arithmetic to some readers.
                self.push("( ");
                self.some();
                self.end_of_parenthesis();
                self.push(")");
            }
            4 | 5 => self.condition(),
            6 => {
                self.pushed(&["while ", "until "]);
                self.some();
                self.close();
                self.body();
            }
            7 | 8 => self.for_loop(),
            9 | 10 => self.case(),
            11 | 12 => return self.function(),
            13 | 14 => return self.double_bracket(),
            15 => {
                self.push("((");
                self.expression();
                self.push("))");
            }
            _ => {
                self.push("coproc ");
                self.push("{ ");
                self.some();
                self.close();
                self.push("}");
            }
        }
        if self.chance(5) {
            self.redirection();
        }
    }

    fn end_of_parenthesis(&mut self) {
        if !self.pending.is_empty() || self.plain == 0 && self.chance(6) {
            self.newline();
        }
    }

    fn body(&mut self) {
        self.push("do ");
        self.some();
        self.close();
        self.push("done");
    }

    fn condition(&mut self) {
        self.push("if ");
        self.some();
        self.close();
        self.push("then ");
        self.some();
        self.close();
        while self.chance(4) {
            self.push("elif ");
            self.some();
            self.close();
            self.push("then ");
            self.some();
            self.close();
        }
        if self.chance(2) {
            self.push("else ");
            self.some();
            self.close();
        }
        self.push("fi");
    }

    fn for_loop(&mut self) {
        match self.below(5) {
            0 => {
                self.push("for ((i=0; i<");
                self.expression();
                self.push("; i++)); ");
            }
            1 => {
                self.pushed(&["for X\n", "for X; ", "for X "]);
            }
            2 => {
                self.push("select X in ");
                self.words();
                self.push("; ");
            }
            _ => {
                self.push("for X in ");
                self.words();
                if !self.pending.is_empty() || self.chance(2) { self.newline() } else { self.push("; ") }
            }
        }
        self.body();
    }

    fn case(&mut self) {
        self.push("case ");
        self.word();
        self.push(" in");
        if self.chance(2) {
            self.newline();
        } else {
            self.push(" ");
        }
        for _ in 0..1 + self.below(3) {
            self.pushed(&["a", "(b|c", "*.gz|'x y'", "\"$X\"*", "[0-9]*", "?|x", "( esac", "*"]);
            self.pushed(&[")", ") ", " )\n"]);
            if !self.chance(6) {
                self.some();
            }
            if !self.pending.is_empty() {
                self.newline();
            }
            self.pushed(&[";;", " ;;", ";&", ";;&"]);
            self.newline();
        }
        if self.chance(4) {
            self.push("*) ");
            self.some();
            self.newline();
        }
        self.push("esac");
    }

    fn function(&mut self) {
        let name = self.pick(&["fun", "do_it", "my-fn", "curl"]);
        let has_keyword = self.chance(2);
        match self.below(2) + if has_keyword { 0 } else { 2 } {
            0 => self.push(&format!("function {name} ")),
            1 => self.push(&format!("function {name}() ")),
            2 => self.push(&format!("{name} ( )\n")),
            _ => self.push(&format!("{name}() ")),
        }
        let (open, shut) = self.pick(&[("{ ", "}"), ("{\n", "}"), ("( ", ")")]);
        let (open, shut) = if has_keyword { ("{ ", "}") } else { (open, shut) };
        self.push(open);
        self.some();
        if shut == ")" {
            self.end_of_parenthesis();
        } else {
            self.close();
        }
        self.push(shut);
    }

    fn double_bracket(&mut self) {
        self.push("[[ ");
        for at in 0..1 + self.below(3) {
            if at > 0 {
                self.pushed(&[" && ", " || "]);
            }
            match self.below(6) {
                0 => {
                    self.push("-f ");
                    self.word();
                }
                1 => {
                    self.word();
                    self.pushed(&[" == ", " != ", " = ", " < ", " -nt ", " -eq "]);
                    self.word();
                }
                2 => self.pushed(&[
                    "$X =~ ^a+b$",
                    "$X =~ [0-9]+(\\.[0-9]+)?",
                    "$X =~ ^(a|b)$",
                    "\"$X\" =~ $re",
                ]),
                3 => self.push("( -n $X || ! -e /x )"),
                4 => self.push("! -z \"${X:-}\""),
                _ => self.push("$X == *.{a,b}"),
            }
        }
        self.push(" ]]");
    }

    /// What stands in arithmetic.
    fn expression(&mut self) {
        for at in 0..1 + self.below(3) {
            if at > 0 {
                self.pushed(&[" + ", "*", " - ", " % ", " & ", " | ", "||", " && "]);
            }
            match self.below(7) {
                0 => self.push("X"),
                1 => self.push("$X"),
                2 => self.push("(1+2)"),
                3 if self.left > 0 && self.depth < 6 => self.substitution(),
                4 => self.push("${#X}"),
                5 => self.push("0x1f"),
                _ => self.push("7"),
            }
        }
    }

    fn simple(&mut self) {
        let mut has_word = false;
        while self.chance(7) {
            let name = self.pick(VARIABLES);
            self.push(&format!("{name}="));
            self.word();
            self.push(" ");
        }
        if self.chance(12) {
            self.redirection();
            self.push(" ");
        }
        if self.chance(14) {
            self.pushed(&["export ", "declare -x ", "readonly ", "local -r "]);
            self.assignment();
            return;
        }
        if self.chance(20) {
            return self.assignment();
        }
        self.name();
        for _ in 0..self.below(4) {
            self.blank();
            self.word();
            has_word = true;
        }
        for _ in 0..2 {
            if self.chance(5) {
                self.redirection();
                if has_word && self.chance(6) {
                    self.push(" ");
                    self.word();
                }
            }
        }
    }

    fn assignment(&mut self) {
        let name = self.pick(VARIABLES);
        match self.below(8) {
            0 => self.push(&format!("{name}=")),
            1 => {
                self.push(&format!("{name}=("));
                self.pushed(&["a b", "\"$X\"", "'a b' c", "$(alpha x) b", "[1]=a [x]=$(beta)", ""]);
                if self.pending.is_empty() && self.plain == 0 && self.chance(3) {
                    self.push("\n a\n b # c\n");
                }
                self.push(")");
            }
            2 => {
                self.push(&format!("{name}+="));
                self.word();
            }
            _ => {
                self.push(&format!("{name}="));
                self.word();
            }
        }
    }

    /// A command whose arguments are a command, or the text of one.
    fn hands_on(&mut self) {
        match self.below(13) {
            0 => self.push("eval \"$X; alpha 'b c'\""),
            1 => self.push("sh -c 'alpha | sh; beta \"$1\"' _ x"),
            2 => self.push("trap 'rm -f \"$X\"; exit 1' EXIT INT"),
            3 => self.push("alias ll='ls -l'"),
            4 => self.pushed(&[
                "xargs -0 sh -c 'alpha \"$@\"' _",
                "xargs -n1 -I{} docker rm {}",
                "tee >(sh) /dev/null",
            ]),
            5 => self.pushed(&["env -i A=1 ", "sudo -u root ", "exec ", "nohup ", "command ", "nice -n 5 "]),
            6 => self.push("exec 3<>/dev/tcp/h/80"),
            7 => self.push("exec >>/var/log/x 2>&1"),
            8 => self.push("set -- a \"b c\" --x=1"),
            9 => self.pushed(&["X[0]=a", "X[$(alpha)]=b", "declare -a X=(a $(alpha))"]),
            10 => self.push("find . -name '*.sh' -exec sh {} \\;"),
            11 => self.push("bash -s -- a <<<'alpha; beta'"),
            _ => self.push("printf '%s\\n' \"$(alpha)\""),
        }
        if self.out.ends_with(' ') {
            self.name();
            self.blank();
            self.word();
        }
    }

    fn name(&mut self) {
        let name = self.pick(NAMES);
        match self.below(14) {
            0 => self.push(&format!("'{name}'")),
            1 => self.push(&format!("\"{name}\"")),
            2 if self.plain == 0 => self.push(&format!("\\{name}")),
            3 => {
                let (left, right) = name.split_at(1);
                let between = self.pick(&["''", "\"\"", "\\\n"]);
                let between = if self.plain > 0 { "''" } else { between };
                self.push(&format!("{left}{between}{right}"));
            }
            4 => self.pushed(&["$X", "\"$X\"", "${X:-alpha}", "$X/bin/y", "\"${X}\"/z"]),
            5 if self.left > 0 && self.depth < 6 && self.pending.is_empty() => self.substitution(),
            _ => self.push(name),
        }
    }

    fn words(&mut self) {
        for at in 0..1 + self.below(3) {
            if at > 0 {
                self.push(" ");
            }
            self.word();
        }
    }

    fn word(&mut self) {
        self.piece();
        if self.chance(5) && (self.plain == 0 || !self.out.ends_with('`')) {
            self.piece();
        }
    }

    fn piece(&mut self) {
        let may_nest = self.left > 0 && self.depth < 6 && self.pending.is_empty();
        match self.below(23) {
            0 if self.plain == 0 => self.push("'a  b;|&(){}<>#\"\\'"),
            1 if self.plain == 0 => self.push("\"it's \\\"so\\\" \\$X \\\\ #no ; | & ( ) \""),
            2 => {
                self.push("\"");
                self.pushed(&["a $X ", "${X:-b c}", "$((1+2))", "$@", "x\ty"]);
                if may_nest && self.plain == 0 {
                    self.substitution();
                }
                self.push("\"");
            }
            3 => self.pushed(&["$'a\\'b\\n'", "$'\\x41'", "$\"hello $X\""]),
            4 => self.parameter(),
            5 => {
                self.push("$((");
                self.expression();
                self.push("))");
            }
            6 | 7 if may_nest => self.substitution(),
            8 if may_nest => {
                self.pushed(&["<( ", ">( "]);
                self.some();
                self.end_of_parenthesis();
                self.push(")");
            }
            9 if self.plain == 0 => {
                self.pushed(&["a\\ b", "\\;", "\\|x", "a\\'b", "\\\"", "\\(", "\\$X", "\\#", "a#b", "x\\&y"]);
            }
            // Between backticks shfmt leaves backslashes in the text that the shell has taken away by then.
            10 if self.plain == 0 => {
                self.pushed(&[
                    "\"\\`no\\`\"",
                    "$(</etc/x)",
                    "$((X<<2))",
                    "${X/#a/$(alpha)}",
                    "${X[$(beta)]}",
                ]);
            }
            11 => self.pushed(&[
                "*.c", "[a-z]?", "~/x", "{1..3}", "-", "--", "!", "]", "[", "%s", "=", "@(a|b)", "!(x)",
                "+(a|b)*",
            ]),
            12 => self.pushed(&["if", "done", "}", "in", "case", "esac", "function", "then"]),
            13 => self.pushed(&[
                "--opt=$X",
                "A=b",
                "k='v w'",
                "\"${X#'}'}\"",
                "\"${X:-\"a b\"}\"",
                "-c",
                "2",
                "https://x.test/a?b=c",
            ]),
            _ => self.pushed(&["one", "two.txt", "/etc/x", "-rf", "x_y", "ä", "10"]),
        }
    }

    fn parameter(&mut self) {
        let may_nest = self.left > 0 && self.depth < 6 && self.pending.is_empty() && self.plain == 0;
        match self.below(5) {
            0 if may_nest => {
                self.pushed(&["${X:-", "${X:=", "${X+", "${X#"]);
                self.substitution();
                self.push("}");
            }
            1 => self.pushed(&["$X", "${X}", "$1", "$?", "$#", "$$", "$!", "$*", "$-", "${10}", "$_a1"]),
            2 => self.pushed(&["${X:-b}", "${X:=c d}", "${X:?no \"way\"}", "${X:+'q'}", "${X-}"]),
            3 => self.pushed(&[
                "${X#*/}",
                "${X##*[a-z]}",
                "${X%.gz}",
                "${X%%'}'*}",
                "${X/a/b}",
                "${X//\\//_}",
                "${X^^}",
            ]),
            _ => self.pushed(&[
                "${#X}", "${X:1:2}", "${X: -1}", "${X[0]}", "${X[@]}", "${!X}", "${X@Q}", "${!X@}",
            ]),
        }
    }

    fn substitution(&mut self) {
        if self.plain < 2 && self.chance(4) {
            return self.backticks();
        }
        self.pushed(&["$( ", "$( ", "$(\n"]);
        self.some();
        self.end_of_parenthesis();
        self.push(")");
    }

    /// What stands inside is written with a backslash before each backslash and backtick, and before some dollar signs.
    fn backticks(&mut self) {
        // Within backticks shfmt ends the word where others begin or end.
        if self.plain > 1 || self.plain > 0 && !self.out.ends_with([' ', '\t', '\n']) {
            return self.push("${X}");
        }
        self.plain += 1;
        let around = std::mem::take(&mut self.out);
        self.some();
        let inner = std::mem::replace(&mut self.out, around);
        self.plain -= 1;
        self.push("`");
        for character in inner.chars() {
            if matches!(character, '\\' | '`') {
                self.push("\\");
            }
            self.out.push(character);
        }
        self.push("`");
    }

    fn redirection(&mut self) {
        self.push(" ");
        match self.below(16) {
            0..=2 => {
                self.pushed(&[">", "2>", ">>", "<", "> ", "1>|", "&>", "&>>", "<>"]);
                self.pushed(&["/dev/null", "out.txt", "\"$X\"", "'a b'", "$X/y"]);
            }
            3..=5 => self.pushed(&["2>&1", ">&2", "<&-", "3>&-", "{fd}>x", "2>/dev/null"]),
            6 => {
                self.push("<<<");
                self.word();
            }
            _ if self.plain > 0 || self.pending.len() > 2 => self.push(">/dev/null"),
            7..=10 => self.document(),
            _ => self.push(">> log"),
        }
    }

    fn document(&mut self) {
        let (delimiter, written, is_quoted) = self.pick(&[
            ("EOF", "EOF", false),
            ("E", "'E'", true),
            ("END-1", "\"END-1\"", true),
            ("X", "\\X", true),
            ("_e", "_e", false),
        ]);
        let dash = self.chance(3);
        self.push(if dash { "<<-" } else { "<<" });
        if self.chance(3) {
            self.push(" ");
        }
        self.push(written);
        let mut text = String::new();
        for _ in 0..self.below(4) {
            if dash {
                text.push('\t');
            }
            text.push_str(self.pick(&[
                "plain text, it's \"quoted\"\n",
                "#!/bin/sh\n",
                "$X ${X:-y} \\$(no)\n",
                "if then fi ) } ;;\n",
                "EOF2\n",
                " EOF\n",
                "a \\\\ b\n",
                "$((1 + 2))\n",
                "\n",
            ]));
            if self.chance(3) {
                text.push_str(if is_quoted {
                    "$(not `read\n"
                } else {
                    "$(alpha 'b)' \"$(beta)\") `gamma x`\n"
                });
            }
        }
        let indent = if dash && self.chance(2) { "\t" } else { "" };
        self.pending.push(format!("{text}{indent}{delimiter}\n"));
    }
}
