//! Scripts that do no harm, for Bash itself to run: every command is a name of its own that no system has, `c0`, `c1` and so
//! on, and a script ends. What Bash ran of each is in `test-vectors/shell/traced.txt`.

use crate::dice::Dice;

/// Names that a script may have; as many as a number has bits.
pub(crate) const NAMES: usize = 64;

struct Traced {
    dice: Dice,
    names: usize,
    depth: usize,
}

/// The script of this number.
pub(crate) fn script(number: u64) -> String {
    let mut made = Traced { dice: Dice::new(number ^ 0x7261_6365), names: 0, depth: 0 };
    let mut text = String::new();
    for _ in 0..2 + made.dice.below(5) {
        text.push_str(&made.statement());
        text.push('\n');
    }
    text
}

impl Traced {
    fn name(&mut self) -> String {
        if self.names >= NAMES {
            return ":".to_owned();
        }
        self.names += 1;
        format!("c{}", self.names - 1)
    }

    fn command(&mut self) -> String {
        let mut text = self.name();
        for _ in 0..self.dice.below(3) {
            text.push(' ');
            text.push_str(&self.word());
        }
        text
    }

    fn list(&mut self) -> String {
        self.depth += 1;
        let first = self.statement();
        let text = if self.dice.below(3) > 0 { first } else { format!("{first}\n{}", self.statement()) };
        self.depth -= 1;
        text
    }

    fn word(&mut self) -> String {
        if self.depth > 3 || self.dice.below(2) == 0 {
            let plain = [
                "a",
                "'it\"s $(c9) `c9`'",
                "\"it's \\$(c9) \\`c9\\`\"",
                "$'x\\'$(c9)'",
                "a\\ b",
                "a#c9",
                "\\$\\(c9\\)",
            ];
            return self.dice.pick(&plain).to_owned();
        }
        let inner = self.list();
        match self.dice.below(8) {
            0 => format!("\"x $(\n{inner}\n) y\""),
            1 => format!("$({inner}\n)"),
            2 => format!("\"${{Y:-$({inner}\n)}}\""),
            3 => format!("${{Y:-a$({inner}\n)}}"),
            4 => format!("$(( 1 + $({inner}\n) 0 ))"),
            5 if !inner.contains(['`', '\\']) => format!("`{inner}\n`"),
            6 => format!("${{Y#'}}'$({inner}\n)}}"),
            _ => format!("\"${{Z:-\"$({inner}\n)\"}}\""),
        }
    }

    fn statement(&mut self) -> String {
        if self.depth > 3 {
            return self.command();
        }
        match self.dice.below(24) {
            0 => format!("{{ {}\n}}", self.list()),
            1 => format!("( {}\n)", self.list()),
            2 => format!("if {}\nthen {}\nelse {}\nfi", self.list(), self.list(), self.list()),
            3 => format!("for X in a b; do {}\ndone", self.list()),
            4 => format!("case a in b|a) {}\n;; *) {}\n;; esac", self.list(), self.list()),
            5 => {
                let name = format!("f{}", self.depth);
                format!("{name}() {{ {}\n}}; {name}", self.list())
            }
            6 => format!("{} | {}", self.command(), self.command()),
            7 => format!("{} && {} || {}", self.command(), self.command(), self.command()),
            8 => format!("! {}", self.command()),
            9 => {
                let inner = self.list();
                if inner.contains('\'') { inner } else { format!("eval '{inner}'") }
            }
            // Each depth has an end of its own: the first line that is one ends the text, whatever stands around it.
            10 => {
                let (end, name) = (format!("E{}", self.depth), self.name());
                format!("{name} <<{end}\nit's $({}\n) \\$(c9)\n{end}", self.list())
            }
            11 => {
                let (end, name) = (format!("Q{}", self.depth), self.name());
                format!("{name} <<'{end}'\n$(c9) `c9` \"\n{end}\n{}", self.command())
            }
            12 => format!("X=$({}\n) Y=", self.list()),
            13 => format!("X=a {}", self.command()),
            14 => format!("{} <<<{}", self.name(), self.word()),
            15 => format!("while {}\ndo {}\nbreak; done", self.command(), self.command()),
            16 => format!("[[ -n {} || -z \"\" ]] && {}", self.word(), self.command()),
            17 => format!("X=({} b)", self.word()),
            18 => format!("{} # c9 ' \" $(\n{}", self.command(), self.command()),
            19 => format!("{} \\\n  {}", self.command(), self.word()),
            _ => self.command(),
        }
    }
}
