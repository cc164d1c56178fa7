//! Documents whose services are few: what stands beside them, and scripts.

use super::Shape;
use super::common::{app_compose, app_compose_with};
use serde_json::json;

const ONE: &str = "services:\n  a:\n    image: a:1\n";

fn repeated(head: &str, count: usize, each: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    for number in 0..count {
        text.push_str(&each(number));
    }
    text
}

fn beside(key: &str, count: usize, each: impl Fn(usize) -> String) -> Vec<u8> {
    repeated(&format!("{ONE}{key}:\n"), count, each).into_bytes()
}

fn names(count: usize, each: impl Fn(usize) -> String) -> Vec<String> {
    (0..count).map(each).collect()
}

fn script(count: usize, each: impl Fn(usize) -> String) -> Vec<u8> {
    app_compose_with(ONE, &["A", "B"], json!({ "pre_launch_script": repeated("set -e\n", count, each) }))
}

pub(super) const SHAPES: &[Shape] = &[
    ("configs", |n| {
        beside("configs", n, |i| format!("  c{i}: {{content: \"https://example{i}.example.com/$A\"}}\n"))
    }),
    ("configs of one service", |n| {
        let mounts =
            repeated("services:\n  a:\n    image: a:1\n    configs:\n", n, |i| format!("      - c{i}\n"));
        repeated(&format!("{mounts}configs:\n"), n, |i| {
            format!("  c{i}: {{content: \"url: https://$H{i}/\"}}\n")
        })
        .into_bytes()
    }),
    ("configs that are scripts", |n| {
        let mounts = repeated("services:\n  a:\n    image: a:1\n    configs:\n", n, |i| {
            format!("      - {{source: c{i}, target: /docker-entrypoint.d/{i}.sh}}\n")
        });
        repeated(&format!("{mounts}configs:\n"), n, |i| {
            format!("  c{i}: {{content: \"curl https://example{i}/$A | sh\"}}\n")
        })
        .into_bytes()
    }),
    ("configs from variables", |n| {
        let mounts =
            repeated("services:\n  a:\n    image: a:1\n    configs:\n", n, |i| format!("      - c{i}\n"));
        repeated(&format!("{mounts}configs:\n"), n, |i| format!("  c{i}: {{environment: V{i}}}\n"))
            .into_bytes()
    }),
    ("lines of one config", |n| {
        let head = "services:\n  a:\n    image: a:1\n    configs: [c]\nconfigs:\n  c:\n    content: |\n";
        repeated(head, n, |i| format!("      key{i}: https://$H{i}.example.com\n")).into_bytes()
    }),
    ("secrets", |n| beside("secrets", n, |i| format!("  s{i}: {{environment: V{i}}}\n"))),
    ("secrets of files", |n| beside("secrets", n, |i| format!("  s{i}: {{file: ./example{i}}}\n"))),
    ("networks", |n| beside("networks", n, |i| format!("  n{i}: {{driver: bridge, name: example{i}}}\n"))),
    ("networks from outside", |n| {
        beside("networks", n, |i| format!("  n{i}: {{external: true, name: $N{i}}}\n"))
    }),
    ("volumes", |n| {
        beside("volumes", n, |i| format!("  v{i}: {{driver_opts: {{device: /example{i}, o: bind}}}}\n"))
    }),
    ("includes", |n| {
        app_compose(&format!("include:\n{}{ONE}", repeated("", n, |i| format!("  - example{i}.yml\n"))), &[])
    }),
    ("notes", |n| repeated(ONE, n, |i| format!("x-n{i}: $V{i}\n")).into_bytes()),
    ("comments that allow", |n| {
        repeated(ONE, n, |i| format!("# veritee: allow DP-IMG-002 example {i}\n")).into_bytes()
    }),
    ("allowed names", |n| {
        let names = names(n, |i| format!("V{i}_URL"));
        app_compose(ONE, &names.iter().map(String::as_str).collect::<Vec<_>>())
    }),
    ("allowed names that are handed over whole", |n| {
        let names = names(n, |i| format!("V{i}_URL"));
        let compose = format!("{ONE}    env_file: /dstack/.host-shared/.decrypted-env\n");
        app_compose(&compose, &names.iter().map(String::as_str).collect::<Vec<_>>())
    }),
    ("harmless names that are handed over whole", |n| {
        let names = names(n, |i| format!("LOG_LEVEL_{i}"));
        let compose = format!(
            "{ONE}    env_file: /dstack/.host-shared/.decrypted-env\n    command: [sh, -c, \"echo $$LOG_LEVEL_1 a\"]\n"
        );
        app_compose(&compose, &names.iter().map(String::as_str).collect::<Vec<_>>())
    }),
    ("unknown members", |n| {
        let members: serde_json::Map<_, _> = (0..n).map(|i| (format!("k{i}"), json!("example"))).collect();
        app_compose_with(ONE, &[], json!(members))
    }),
    ("features", |n| app_compose_with(ONE, &[], json!({ "features": names(n, |i| format!("example{i}")) }))),
    ("ports of the gateway", |n| {
        let ports: Vec<_> = (0..n).map(|i| json!({ "port": i })).collect();
        app_compose_with(ONE, &[], json!({ "port_policy": { "mode": "restrict", "ports": ports } }))
    }),
];

pub(super) const SCRIPTS: &[Shape] = &[
    ("here-documents", |n| script(n, |i| format!("cat > /tmp/f{i} <<E\nexample $A\nE\n"))),
    ("here-documents that are run", |n| {
        script(n, |i| format!("cat > /tmp/f{i} <<E\ncurl https://example{i}\nE\nsh /tmp/f{i}\n"))
    }),
    ("here-documents over one file", |n| {
        script(n, |_| "cat >> /dstack/docker-compose.yaml <<E\nexample $A\nE\n".to_owned())
    }),
    ("one long here-document", |n| {
        app_compose_with(
            ONE,
            &["A"],
            json!({ "pre_launch_script": repeated("cat > /tmp/f <<E\n", n, |_| "example $A\n".to_owned()) + "E\n" }),
        )
    }),
    ("here-documents for shells", |n| script(n, |i| format!("sh <<E\ncurl https://example{i}\nE\n"))),
    ("writes", |n| script(n, |i| format!("echo A{i}=$A >> /dstack/.host-shared/.decrypted-env\n"))),
    ("writes that follow none", |n| script(n, |i| format!("> /tmp/f{i}\n"))),
    ("files that are run", |n| script(n, |i| format!("echo a > /tmp/f{i}; . /tmp/f{i}\n"))),
    ("pipelines", |n| script(n, |i| format!("cat example{i} | grep a | sh\n"))),
    ("one pipeline", |n| script(1, |_| "cat | ".repeat(n) + "sh")),
    ("downloads", |n| {
        script(n, |i| {
            format!("curl -fsSLo /tmp/f{i} https://example.com/{i}\nchmod +x /tmp/f{i}\n/tmp/f{i}\n")
        })
    }),
    ("downloads that are compared", |n| {
        script(n, |i| format!("curl -o f{i} https://example.com/{i}\necho a f{i} | sha256sum -c\n"))
    }),
    ("downloads into shells", |n| script(n, |i| format!("curl -s https://example{i}.example.com | bash\n"))),
    ("functions", |n| script(n, |i| format!("f{i}() {{ f{}; }}\n", i + 1))),
    ("functions that are called", |n| script(n, |i| format!("f{i}() {{ curl $A; }}; f{i}\n"))),
    ("aliases", |n| script(n, |i| format!("alias a{i}=a{}\na{i}\n", i + 1))),
    ("values", |n| script(n, |i| format!("A{}=$A{i}x\n", i + 1))),
    ("values from outside", |n| script(n, |i| format!("X{i}=$A\necho $X{i}\n"))),
    ("conditions", |n| script(n, |i| format!("if [ \"$A\" = \"example{i}\" ]; then exit 1; fi\n"))),
    // Deeper than the reader goes costs no more than as deep as it goes.
    ("conditions in conditions", |n| {
        let nested = "if [ -n \"$A\" ]; then\n".repeat(30) + "a\n" + &"fi\n".repeat(30);
        script(n.div_ceil(30), |_| nested.clone())
    }),
    ("cases", |n| {
        let text = repeated("case $A in\n", n, |i| format!("  example{i}) curl $B;;\n")) + "esac\n";
        app_compose_with(ONE, &["A"], json!({ "pre_launch_script": text }))
    }),
    ("loops", |n| script(n, |i| format!("for i in $A {i}; do docker run $i; done\n"))),
    ("containers", |n| script(n, |i| format!("docker run -d --privileged -v /:/h example{i}\n"))),
    ("images that are pulled", |n| script(n, |i| format!("docker pull example/a:{i}\n"))),
    ("doors that are shut", |n| script(n, |i| format!("iptables -A INPUT -p tcp --dport {i} -j DROP\n"))),
    ("packages", |n| script(n, |i| format!("apt-get install -y example{i}\n"))),
    ("variables for all", |n| script(n, |i| format!("export V{i}=$A\n"))),
    ("copies", |n| script(n, |i| format!("cp /tmp/f{i} /tmp/f{}\n", i + 1))),
    ("texts for shells", |n| script(n, |i| format!("sh -c 'curl https://example{i} | sh'\n"))),
    ("evaluations", |n| script(n, |i| format!("eval \"A{i}=$A\"\n"))),
    ("files of the host", |n| script(n, |i| format!("jq -r .k{i} /dstack/user_config\n"))),
    ("words of one line", |n| script(1, |_| format!("echo {}", "$A ".repeat(n)))),
    ("commands of one line", |n| script(1, |_| "echo $A; ".repeat(n))),
    ("two scripts", |n| {
        let text = repeated("", n, |i| format!("echo $A > /tmp/f{i}; sh /tmp/f{i}\n"));
        app_compose_with(ONE, &["A"], json!({ "pre_launch_script": text, "init_script": text }))
    }),
    ("a script alone", |n| {
        let text = repeated("", n, |i| format!("docker run -e A{i}=$A example{i}\n"));
        let document = json!({ "manifest_version": 2, "name": "a", "runner": "bash", "bash_script": text });
        serde_json::to_vec(&document).expect("serialises")
    }),
];
