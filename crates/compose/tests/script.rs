//! Scripts: where values come from, what is written, and what cannot be told.

use proptest::prelude::*;
use veritee_compose::script::{self, Role, Script, WriteKind};
use veritee_compose::{ConstructKind, Context, Deployment, EnvironmentModel, Provenance, UnboundCompose};
use veritee_model::Budget;

fn read(text: &str) -> Script {
    script::read(Role::PreLaunch, text, &Budget::STANDARD)
}

fn environment(text: &str, allowed: &[&str]) -> EnvironmentModel {
    let allowed = allowed.iter().map(|name| veritee_compose::AllowedName {
        name: (*name).to_owned(),
        span: veritee_compose::Span::default(),
    });
    script::environment(&[read(text)], allowed.collect(), veritee_compose::Enforcement::Enforced)
}

fn provenance(text: &str, name: &str) -> Provenance {
    environment(text, &["OPERATOR"]).lookup(name).provenance
}

fn programs(script: &Script) -> Vec<String> {
    script.commands.iter().filter_map(|command| command.program()).map(str::to_owned).collect()
}

#[test]
fn the_known_forms_of_an_export_are_told_apart() {
    for (text, expected) in [
        ("export X=literal", Provenance::Measured),
        ("X=literal; export X", Provenance::Measured),
        ("export X; X=literal", Provenance::Measured),
        ("declare -x X=literal", Provenance::Measured),
        ("set -a; X=literal", Provenance::Measured),
        ("export X=$(jq -j .launch_token_hash app-compose.json)", Provenance::Measured),
        ("export X=$(cat /dstack/app-compose.json | jq -r .name)", Provenance::Measured),
        (
            "export X=$(curl -s --unix-socket /var/run/dstack.sock http://dstack/Info | jq -j .app_id)",
            Provenance::Attested,
        ),
        (
            "export X=$(curl -s --unix-socket /var/run/tappd.sock http://dstack/prpc/Tappd.Info | jq -j .app_id)",
            Provenance::Attested,
        ),
        ("export X=$(curl -s --unix-socket /var/run/other.sock http://dstack/Info)", Provenance::Unknown),
        ("export X=$(jq -j .default_gateway_domain /dstack/user_config)", Provenance::Host),
        ("export X=`jq -r .pccs_url /dstack/.host-shared/.sys-config.json`", Provenance::Host),
        ("export X=$(cat /proc/cmdline)", Provenance::Host),
        ("export X=$(hostname)", Provenance::Host),
        ("export X=$HOSTNAME", Provenance::Host),
        ("export X=$(< /dstack/user_config)", Provenance::Host),
        ("export X=$(date +%s)", Provenance::Host),
        ("export X=$(head -c 32 /dev/urandom | base64)", Provenance::System),
        ("export X=$(curl -s https://example.org/x)", Provenance::Remote),
        ("export X=$(wget -qO- https://example.org/x | tr -d '\\n')", Provenance::Remote),
        ("export X=$OPERATOR", Provenance::Operator),
        ("export X=\"https://${OPERATOR:-a}/x\"", Provenance::Operator),
        ("Y=$OPERATOR; Z=a$Y; export X=${Z#a}", Provenance::Operator),
        ("export X=$(echo -n \"$OPERATOR\" | sha256sum | cut -d' ' -f1)", Provenance::Operator),
        ("export X=$(cat /dstack/.host-shared/.decrypted-env)", Provenance::Operator),
        ("export X=${OTHER:-literal}", Provenance::Measured),
        ("export X=$(mystery)", Provenance::Unknown),
        ("export X=$(cat /tmp/somewhere)", Provenance::Unknown),
        ("read X < /dstack/user_config; export X", Provenance::Unknown),
        ("printf -v X '%s' a; export X", Provenance::Unknown),
        ("export X=${!OTHER}", Provenance::Unknown),
        ("f() { export X=$1; }; f \"$OPERATOR\"", Provenance::Unknown),
        ("for X in a $OPERATOR; do export X; done", Provenance::Operator),
        ("if [ -f /a ]; then export X=a; else export X=$(cat user_config); fi", Provenance::Host),
        ("case $A in b) export X=$OPERATOR ;; esac", Provenance::Operator),
        ("true && export X=$OPERATOR", Provenance::Operator),
        ("export X=$X:more", Provenance::Measured),
        (": ${X:=$OPERATOR}; export X", Provenance::Operator),
        ("X+=$OPERATOR; export X", Provenance::Operator),
        ("export X=$((OPERATOR + 1))", Provenance::Operator),
    ] {
        assert_eq!(provenance(text, "X"), expected, "{text}");
        assert!(read(text).is_complete(), "{text}");
    }
}

#[test]
fn what_is_not_exported_or_ends_with_its_command_does_not_reach_compose() {
    for text in [
        "X=a",
        "X=a true",
        "(export X=a)",
        "export X=a | true",
        "Y=$(export X=a)",
        "# export X=a",
        "echo export X=a",
    ] {
        assert_eq!(provenance(text, "X"), Provenance::Unset, "{text}");
    }
}

#[test]
fn an_unconditional_literal_is_known_and_a_conditional_one_is_not() {
    let known = |text: &str| environment(text, &[]).lookup("X").known;
    assert_eq!(known("export X=a"), Some("a".to_owned()));
    assert_eq!(known("export X='a b'\"c\""), Some("a bc".to_owned()));
    assert_eq!(known("if true; then export X=a; fi"), None);
    assert_eq!(known("true || export X=a"), None);
    assert_eq!(known("export X=a; export X=b"), None);
    assert_eq!(known("export X=a$Y"), None);
}

#[test]
fn what_can_set_any_variable_makes_unset_names_unknown() {
    for text in [
        "eval \"$OPERATOR\"",
        "source /dstack/user_config",
        ". ./x",
        "export \"$OPERATOR\"",
        "export $(grep -v '^#' x)",
        "declare -x \"$A=b\"",
        "read \"$A\"",
        "$OPERATOR",
        "\"$A\" b",
        "trap \"$OPERATOR\" DEBUG",
        "if true; then",
        "echo 'unclosed",
        "echo \"unclosed",
        "x=$(unclosed",
        "cat <<EOF\nunclosed",
        ")",
        "fi",
        "echo > \"$FILE\"",
    ] {
        assert_eq!(provenance(text, "X"), Provenance::Unknown, "{text}");
        assert_eq!(provenance(text, "OPERATOR"), Provenance::Operator, "{text}");
    }
    assert_eq!(provenance("trap 'rm -f /tmp/x' EXIT", "X"), Provenance::Unset);
}

#[test]
fn exports_of_init_script_do_not_reach_compose_but_its_dot_env_does() {
    let raw = br#"{"docker_compose_file":"services: {s: {image: i}}","init_script":"export A=1\nprintf x > /dev/null\ncat > /dstack/.env <<EOF\nB=1\nC=$A\nEOF\n"}"#;
    let unbound = UnboundCompose::parse(raw, &Budget::STANDARD).unwrap();
    let deployment = Deployment::from_unbound(&unbound, &Context::default());
    let provenance = |name: &str| deployment.environment.lookup(name).provenance;
    assert_eq!(provenance("A"), Provenance::Unset);
    assert_eq!(provenance("B"), Provenance::Measured);
    assert_eq!(provenance("C"), Provenance::Measured);
    assert_eq!(deployment.compose_writes().len(), 1);
}

#[test]
fn a_dot_env_of_chosen_text_makes_unset_names_unknown() {
    for text in [
        "echo \"$OPERATOR\" > .env",
        "echo \"A=$OPERATOR\" > /dstack/.env",
        "cp /dstack/user_config /dstack/.env",
        "curl -s https://x -o .env",
        "cat x | tee .env",
        "echo not a line >> .env",
    ] {
        assert_eq!(provenance(text, "X"), Provenance::Unknown, "{text}");
    }
    assert_eq!(provenance("printf 'A=1\\n' > /dstack/other", "X"), Provenance::Unset);
    assert_eq!(provenance("cat > .env <<'EOF'\n# c\nexport X=$OPERATOR\nEOF", "X"), Provenance::Measured);
}

#[test]
fn writes_name_their_file_and_who_chooses_the_text() {
    let text = "cat > docker-compose.yaml <<EOF\nservices: {s: {image: $OPERATOR}}\nEOF\njq -r .docker_compose_file app-compose.json > /dstack/docker-compose.yaml\ncurl -fsSL https://x -o /usr/local/bin/y\nsed -i s/a/b/ ./compose.override.yml\ncp a b\necho ok >&2 2>/dev/null\n{ echo a; } > grouped\n";
    let script = read(text);
    let model = environment(text, &["OPERATOR"]);
    let writes: Vec<_> = script
        .writes(&model)
        .into_iter()
        .map(|write| (write.kind, write.path.unwrap(), write.provenance))
        .collect();
    assert_eq!(
        writes,
        [
            (WriteKind::Replace, "/dstack/docker-compose.yaml".to_owned(), Provenance::Operator),
            (WriteKind::Replace, "/dstack/docker-compose.yaml".to_owned(), Provenance::Measured),
            (WriteKind::Download, "/usr/local/bin/y".to_owned(), Provenance::Remote),
            (WriteKind::Edit, "/dstack/compose.override.yml".to_owned(), Provenance::Unknown),
            (WriteKind::Copy, "/dstack/b".to_owned(), Provenance::Unknown),
            (WriteKind::Replace, "/dstack/grouped".to_owned(), Provenance::Measured),
        ]
    );
}

#[test]
fn commands_are_found_wherever_they_stand() {
    let text = "if a; then b | c; elif d; then e; else f; fi\nfor i in 1 2; do g; done\nwhile h; do i; done\ncase x in y|z) j ;; *) k;; esac\nl() { m; }\nfunction n { o; }\n(p)\n{ q; }\nr && s || t\nu=$(v $(w))\nx=`y`\n[[ -n $(z) ]] && aa\ndiff <(bb) <(cc)\n! dd\ncat <<EOF\n$(ee)\nEOF\nuntil ff; do gg; done; hh &\n";
    let script = read(text);
    assert_eq!(script.problems, []);
    let mut found = programs(&script);
    found.retain(|name| !matches!(name.as_str(), "[[" | "cat" | "diff"));
    found.sort();
    let mut wanted: Vec<String> =
        ('a'..='t').map(String::from).filter(|name| !matches!(name.as_str(), "l" | "n")).collect();
    wanted.extend(["v", "w", "y", "z", "aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh"].map(str::to_owned));
    wanted.sort();
    assert_eq!(found, wanted);
}

/// Each hides `target` from a reader that takes quotes, lines or parentheses otherwise than the shell does.
#[test]
fn nothing_hides_a_command_that_the_shell_runs() {
    for text in [
        "echo $(( 1 + $(target) ))",
        "echo $((`target`))",
        "(( x = $(target) ))",
        "echo $[ 1 + $(target) ]",
        "for ((i = $(target); i < 3; i++)); do :; done",
        "a[$(target)]=1",
        "a[b[$(target)]]+=1",
        "echo ${a[$(target)]}",
        "declare -a x=(a $(target))",
        "echo ${x:-<(target)}",
        "echo a<(target)",
        "echo 2>(target)",
        // The delimiter stands over two lines; behind a line that goes on there is none.
        "cat <<EOF\nEO\\\nF\ntarget\n: <<EOF\nEOF\n",
        "cat <<EOF\na\\\nEOF\n'\nEOF\ntarget\n: ''",
        "cat <<-EOF\n\tEO\\\nF\ntarget\n: <<EOF\nEOF\n",
        // A line that goes on within the delimiter quotes nothing.
        "cat <<EO\\\nF\n$(target)\nEOF\n",
        // Between backticks in double quotes a backslash before a quote is taken away.
        "echo \"`echo \\\"'\\\"; target; echo \\\"'\\\"`\"",
        // In a pattern quotes quote, also between double quotes.
        "echo \"${x#'\"'}\"; target; echo \"${x#'\"'}\"",
        "echo ${x:-$'\\'}'}; target; echo '}'",
        "echo $\\\n(target)",
        // A carriage return is part of the delimiter.
        "cat <<EOF\r\nEOF\necho '\nEOF\r\ntarget\n: ''",
        "[[ a == \"]]\" && -n $(target) ]]",
        "case a in a) : ;& b) target ;; esac",
        "time -p target",
        // A pattern of extglob, and a function whose name looks like the beginning of one.
        "shopt -s extglob; ls !(a|b); target",
        "ls +(a|$(target))",
        "a+() { target; }; a+",
        // The descriptor that the shell chooses stands before the sign.
        "{log}>/dev/null target",
        "{ a; } {log}>/dev/null; target",
    ] {
        let script = read(text);
        assert!(programs(&script).contains(&"target".to_owned()), "{text}\n{:?}", programs(&script));
        assert!(script.is_complete(), "{text}: {:?}", script.problems);
    }
}

/// Between double quotes Bash looks for the partner of a single quote before it looks for anything else; POSIX shells take
/// it for text. Each way hides a command from the other.
#[test]
fn a_quote_that_shells_read_differently_is_read_as_the_shell_of_the_script_does_and_said() {
    let bash = ": \"${Y:-'}\" ; : '}\"; target; : \"'}\" \"\"";
    let posix = ": \"${Y:-'}\"; target; : \"'}\"";
    for (role, text) in
        [(Role::PreLaunch, bash), (Role::Init, bash), (Role::Bash, bash), (Role::Command, posix)]
    {
        let script = script::read(role, text, &Budget::STANDARD);
        assert!(programs(&script).contains(&"target".to_owned()), "{role:?} {text}: {:?}", programs(&script));
        assert!(!script.is_complete(), "{role:?} {text}");
    }
    // What both read as text is nothing to speak of.
    for text in ["a \"${Y:-'b c'}\" d", "cat <<EOF\n${Y:-'b'}\nEOF\n"] {
        assert!(read(text).is_complete(), "{text}");
    }
}

/// `{NAME}>` is a descriptor of its own: neither what a shell reads nor where its output goes.
#[test]
fn a_chosen_descriptor_is_no_standard_one() {
    let script = read("curl -s https://x | sh {log}</tmp/log\n");
    assert_eq!(script.commands[1].redirections[0].descriptor, Some(10));
    let input = |text: &str| {
        let scripts = [read(text)];
        let model = script::environment(&scripts, Vec::new(), veritee_compose::Enforcement::Enforced);
        format!("{:?}", script::Executions::new(&scripts, &model).input(0, 1))
    };
    for opened in ["{log}</tmp/log", "3<<<y", "9<&-", "5</etc/hostname"] {
        assert_eq!(input(&format!("curl -s https://x | sh {opened}\n")), input("curl -s https://x | sh\n"));
    }
}

#[test]
fn words_that_become_others_are_read_or_said() {
    assert_eq!(programs(&read("{target,-s,a} | sh")), ["target", "sh"]);
    assert_eq!(read("a {b,'c'}").commands[0].words.len(), 2);
    assert_eq!(provenance("export {X,Y}=$OPERATOR", "X"), Provenance::Unknown);
    for text in ["/usr/bin/c?rl a", "c[u]rl a", "{'target',-s}", "t{ar,}get a; {1..3}", "/b*/curl"] {
        assert!(!read(text).problems.is_empty(), "{text}");
    }
    for text in
        ["[ -n a ]", "[[ a == b* ]]", "ls *.c", "find . -name '*.c' -exec a {} \\;", "awk '{print $1,$2}'"]
    {
        assert_eq!(read(text).problems, [], "{text}");
    }
}

#[test]
fn a_here_document_belongs_to_the_command_that_announces_it() {
    for text in [
        "sh -s <<EOF \"$(other)\" >&2\ntarget\nEOF\n",
        "sh -s <<EOF $(cat <<A\na\nA\n)\ntarget\nEOF\n",
        "{ sh; } <<EOF 2>$(other)\ntarget\nEOF\n",
    ] {
        let script = read(text);
        let command = script.commands.iter().find(|command| command.program() == Some("target"));
        assert!(command.is_some_and(|command| command.nesting == 1), "{text}: {:?}", programs(&script));
    }
    // Shells differ over where this text ends.
    assert!(!read("echo $(cat <<EOF)\na\nEOF\n").is_complete());
}

#[test]
fn a_variable_is_known_by_its_name_over_two_lines_too() {
    assert_eq!(provenance("export X=$OPERA\\\nTOR", "X"), Provenance::Operator);
    assert_eq!(provenance("export X=$(( $(echo $OPERATOR) ))", "X"), Provenance::Operator);
}

#[test]
fn a_pipe_into_a_shell_is_one_pipeline() {
    let script = read("curl -fsSL https://x | sudo bash -s -- y\n{ wget -qO- z; } | sh\n");
    assert_eq!(script.commands[0].pipeline, script.commands[1].pipeline);
    assert_eq!(script.commands[1].position, 1);
    assert!(script.is_piped(&script.commands[2]) && !script.is_piped(&script.commands[3]));
}

#[test]
fn a_guard_is_believed_only_as_a_plain_conjunction_of_unset_names() {
    let unreachable = |text: &str| {
        let script = read(text);
        let model = environment(text, &["OPERATOR"]);
        let command = script.commands.iter().find(|command| command.program() == Some("target")).unwrap();
        script.is_unreachable(command, &model)
    };
    assert!(unreachable("if [ -n \"$UNSET\" ]; then target; fi"));
    assert!(unreachable("if [[ -n $UNSET && -n $OPERATOR ]]; then target; fi"));
    assert!(unreachable("[ -n \"$UNSET\" ] && target"));
    assert!(unreachable("test -n \"$UNSET\" && if a; then target; fi"));
    for reachable in [
        "if [ -n \"$OPERATOR\" ]; then target; fi",
        "if [ -n \"$UNSET\" ]; then a; else target; fi",
        "if [ -n \"$UNSET\" ]; then a; elif b; then target; fi",
        "if [[ -n $UNSET || -n $OPERATOR ]]; then target; fi",
        "if ! [ -n \"$UNSET\" ]; then target; fi",
        "if [ ! -n \"$UNSET\" ]; then target; fi",
        "if [ -n \"$UNSET\" ]; true; then target; fi",
        "if [ -n \"${UNSET:-x}\" ]; then target; fi",
        "if [ -n \"x$UNSET\" ]; then target; fi",
        "if [ -z \"$UNSET\" ]; then target; fi",
        "[ -n \"$UNSET\" ] || target",
        "[ -n \"$UNSET\" ] && a || target",
        "until [ -n \"$UNSET\" ]; do target; done",
        "if [ -n \"$UNSET\" ]; then a; fi; target",
        "UNSET=1; if [ -n \"$UNSET\" ]; then target; fi",
        "eval \"$x\"; if [ -n \"$UNSET\" ]; then target; fi",
    ] {
        assert!(!unreachable(reachable), "{reachable}");
    }
}

#[test]
fn a_script_is_known_by_its_hash_and_not_by_what_it_prints() {
    let script = read("#!/bin/bash\necho \"Running Phala Cloud Pre-Launch Script v0.0.14\"\n");
    assert_eq!(script.known, None);
}

#[test]
fn hostile_scripts_are_bounded_and_listed() {
    let repeat = |text: &str, count: usize| text.repeat(count);
    let cases = [
        repeat("a", 5 << 20),
        repeat("$(", 100_000),
        repeat("(", 100_000),
        repeat("{ ", 100_000),
        repeat("if a; then ", 50_000),
        repeat("${a:-", 50_000),
        repeat("\"$(", 50_000),
        repeat("$((", 100_000),
        repeat("$((", 60) + &repeat("a ", 100_000),
        repeat("$[", 100_000) + "'",
        repeat("a[$(", 50_000),
        repeat("((", 50_000),
        repeat("a <<E ", 50_000),
        repeat("`", 99_999),
        repeat("case a in ", 50_000),
        repeat("a;", 500_000),
        repeat("f() ", 100_000),
    ];
    for text in cases {
        let script = read(&text);
        assert!(!script.is_complete(), "{}", &text[..20]);
        assert_eq!(script.problems[0].kind, ConstructKind::ScriptSyntax);
    }
}

#[test]
fn long_but_plain_scripts_are_read_in_linear_time() {
    let repeat = |text: &str, count: usize| text.repeat(count);
    for text in [
        repeat("export A=$A$B\n", 60_000),
        repeat("a && ", 30_000) + "b\n",
        repeat("a | ", 30_000) + "b\n",
        "if a; then b".to_owned() + &repeat("; elif a; then b", 10_000) + "; fi\n",
        repeat("eval x\n", 20_000),
        repeat("export A\n", 20_000),
        repeat("echo a > b\n", 20_000),
        repeat("echo A=1 > .env\n", 40_000),
        repeat("[ -n \"$A\" ] && echo a > \"$b\"\n", 20_000),
        (0..20_000).map(|n| format!("A{n}=$A{}\n", n + 1)).collect(),
        repeat("x=\"$a$b$c\"\n", 20_000),
    ] {
        let script = read(&text);
        assert!(script.is_complete(), "{}", &text[..12]);
        let model = environment(&text, &["OPERATOR"]);
        let _ = script.writes(&model);
        let unreachable = script.commands.iter().filter(|command| script.is_unreachable(command, &model));
        assert!(unreachable.count() <= 20_000);
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
        let script = read(&text);
        let _ = script.writes(&environment(&text, &[]));
    }

    #[test]
    fn no_shell_like_text_makes_the_reader_panic(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("if "), Just("then "), Just("fi\n"), Just("$("), Just(")"), Just("\""), Just("'"), Just("`"), Just("${"),
                Just("}"), Just("<<E\n"), Just("E\n"), Just("<<-'E'\n"), Just("case x in "), Just("esac\n"), Just(";;"),
                Just("a=b "), Just("export X="), Just("| "), Just("&& "), Just("\\"), Just("[[ "), Just("]] "), Just("(("), Just("))"),
                Just("for i in "), Just("do "), Just("done\n"), Just("# c\n"), Just("> f "), Just("ä"), Just("\n"), Just("$"),
            ],
            0..40,
        )
    ) {
        let text = pieces.concat();
        let script = read(&text);
        for command in &script.commands {
            prop_assert!(text.get(command.span.range()).is_some());
        }
        for assignment in &script.assignments {
            prop_assert!(text.get(assignment.span.range()).is_some());
        }
        let _ = script.writes(&environment(&text, &["X"]));
    }
}
