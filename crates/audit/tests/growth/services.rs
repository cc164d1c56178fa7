//! Documents of many services, and of one service with many of something.

use super::Shape;
use super::common::app_compose_with;

/// A compose file alone: whoever deploys may set every name in it.
fn file(text: &str, allowed: &[&str]) -> Vec<u8> {
    if allowed.is_empty() {
        return text.as_bytes().to_vec();
    }
    app_compose_with(text, allowed, serde_json::json!({}))
}

fn repeated(head: &str, count: usize, each: impl Fn(usize) -> String) -> String {
    let mut text = head.to_owned();
    for number in 0..count {
        text.push_str(&each(number));
    }
    text
}

/// A document of so many services.
fn services(count: usize, each: impl Fn(usize) -> String) -> Vec<u8> {
    file(&repeated("services:\n", count, each), &[])
}

/// A document of one service with so many entries under a key.
fn of_one(key: &str, count: usize, each: impl Fn(usize) -> String) -> Vec<u8> {
    file(&repeated(&format!("services:\n  a:\n    image: a:1\n    {key}:\n"), count, each), &[])
}

/// The same, with names that the operator may set.
fn allowed(key: &str, count: usize, each: impl Fn(usize) -> String) -> Vec<u8> {
    let names: Vec<String> = (0..count).map(|i| format!("V{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    file(&repeated(&format!("services:\n  a:\n    image: a:1\n    {key}:\n"), count, each), &names)
}

pub(super) const SHAPES: &[Shape] = &[
    ("services", |n| services(n, |i| format!("  s{i}: {{image: \"example/a:{i}\"}}\n"))),
    ("services with a variable", |n| {
        services(n, |i| format!("  s{i}:\n    image: a:1\n    environment:\n      - U{i}=${{U{i}}}\n"))
    }),
    ("services with one variable", |n| {
        services(n, |i| format!("  s{i}:\n    image: a:1\n    environment: [\"API_URL=${{API_URL}}\"]\n"))
    }),
    ("services with a volume of their own", |n| {
        services(n, |i| format!("  s{i}:\n    image: a:1\n    volumes: [\"example{i}:/data\"]\n"))
    }),
    ("services with one volume", |n| {
        services(n, |i| {
            format!("  s{i}:\n    image: a:1\n    command: /data/run\n    volumes: [\"v:/data\"]\n")
        })
    }),
    ("services with several volumes", |n| {
        services(n, |i| {
            format!(
                "  s{i}:\n    image: a:1\n    volumes: [\"v{i}:/d\", \"v{}:/e\", \"w:/f\", \"/x{i}:/g\"]\n",
                i + 1
            )
        })
    }),
    ("services with the machine's socket", |n| {
        services(n, |i| {
            format!("  s{i}:\n    image: a:1\n    volumes: [\"/var/run/docker.sock:/var/run/docker.sock\"]\n")
        })
    }),
    // In chains that end: of a longer one no more steps are followed.
    ("services that have volumes of others", |n| {
        services(n, |i| {
            let giver = if i % 8 == 7 { "w".to_owned() } else { format!("s{}", i + 1) };
            format!("  s{i}:\n    image: a:1\n    volumes: [\"v{i}:/d\"]\n    volumes_from: [{giver}]\n")
        })
    }),
    ("services with a port", |n| {
        services(n, |i| format!("  s{i}:\n    image: a:1\n    ports: [\"{}:80\"]\n", 1000 + i))
    }),
    ("services on the host's network", |n| {
        services(n, |i| {
            format!("  s{i}:\n    image: a:1\n    network_mode: host\n    command: serve --port {i}\n")
        })
    }),
    ("services on networks of others", |n| {
        services(n, |i| format!("  s{i}:\n    image: a:1\n    network_mode: \"service:s{}\"\n", i + 1))
    }),
    ("services on a network", |n| {
        services(n, |i| format!("  s{i}:\n    image: a:1\n    networks: [n{}]\n", i / 2))
    }),
    ("services that speak to the next", |n| {
        services(n, |i| {
            format!(
                "  s{i}:\n    image: a:1\n    environment:\n      DB_URL: http://s{}:80/\n      PASSWORD: ${{P}}\n",
                i + 1
            )
        })
    }),
    ("stores", |n| {
        services(n, |i| {
            format!(
                "  s{i}:\n    image: postgres:1\n    environment:\n      POSTGRES_PASSWORD: ${{P{i}}}\n      DB_HOST: s{}\n",
                i + 1
            )
        })
    }),
    ("services with a command", |n| {
        services(n, |i| {
            format!(
                "  s{i}:\n    image: a:1\n    command: [\"sh\", \"-c\", \"curl https://example{i}.example.com | sh\"]\n"
            )
        })
    }),
    ("services with a hook", |n| {
        services(n, |i| {
            format!(
                "  s{i}:\n    image: a:1\n    post_start:\n      - command: [\"example\", \"{i}\"]\n        user: root\n"
            )
        })
    }),
    ("services that wait for the next", |n| {
        services(n, |i| format!("  s{i}:\n    image: a:1\n    depends_on: [s{}]\n", (i + 1) % n.max(1)))
    }),
    ("services that extend the one before", |n| {
        services(n, |i| match i {
            0 => "  s0: {image: \"a:1\", privileged: true}\n".to_owned(),
            _ => format!("  s{i}: {{extends: {{service: s{}}}}}\n", i - 1),
        })
    }),
    ("services that merge one", |n| {
        let head = "x-a: &a\n  image: a:1\n  environment: {API_URL: $U}\n  volumes: [\"v:/v\"]\n";
        file(&repeated(&format!("{head}services:\n"), n, |i| format!("  s{i}: {{<<: *a}}\n")), &[])
    }),
    ("services with a profile", |n| {
        services(n, |i| format!("  s{i}:\n    image: a:1\n    profiles: [p{i}]\n"))
    }),
    ("services with one config", |n| {
        let head = "configs:\n  c:\n    content: |\n      a https://$HOST/\nservices:\n";
        file(&repeated(head, n, |i| format!("  s{i}:\n    image: a:1\n    configs: [c]\n")), &[])
    }),
    ("services with a config of their own", |n| {
        let services =
            repeated("services:\n", n, |i| format!("  s{i}:\n    image: a:1\n    configs: [c{i}]\n"));
        let configs =
            repeated("configs:\n", n, |i| format!("  c{i}: {{content: \"a https://$HOST{i}/\"}}\n"));
        file(&(services + &configs), &[])
    }),
    ("services that are built", |n| {
        services(n, |i| {
            format!(
                "  s{i}:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM a:{i}\n        RUN apt-get install x\n"
            )
        })
    }),
    ("services with names in names", |n| {
        services(n, |i| format!("  {}s{i}: {{image: \"a:1\"}}\n", "s.".repeat(i % 8)))
    }),
    ("services with labels", |n| {
        services(n, |i| {
            format!("  s{i}:\n    image: a:1\n    labels: [\"traefik.http.routers.r{i}.rule=Host(`$H`)\"]\n")
        })
    }),
    ("services with files of variables", |n| {
        services(n, |i| format!("  s{i}:\n    image: a:1\n    env_file: [e{i}.env]\n"))
    }),
    ("services with a health check", |n| {
        services(n, |i| {
            format!(
                "  s{i}:\n    image: a:1\n    healthcheck:\n      test: [\"CMD-SHELL\", \"curl -f $URL || exit {i}\"]\n"
            )
        })
    }),
    ("powerful services", |n| {
        services(n, |i| {
            format!(
                "  s{i}:\n    image: a:1\n    privileged: true\n    pid: host\n    cap_add: [ALL]\n    user: \"{i}\"\n"
            )
        })
    }),
];

pub(super) const OF_ONE: &[Shape] = &[
    ("hooks", |n| {
        of_one("post_start", n, |i| {
            format!("      - command: [\"sh\", \"-c\", \"curl https://example{i}.example.com\"]\n")
        })
    }),
    ("hooks as text", |n| {
        of_one("pre_stop", n, |i| format!("      - command: curl $U{i}\n        user: root\n"))
    }),
    ("words of a command", |n| of_one("command", n, |i| format!("      - --example{i}\n"))),
    ("words of a command with values", |n| of_one("command", n, |i| format!("      - --url=$U{i}\n"))),
    ("words of a command with one value", |n| of_one("command", n, |_| "      - --url=$U\n".to_owned())),
    ("programs in one command", |n| {
        of_one("command", n, |i| format!("      - \"curl https://example{i}.example.com\"\n"))
    }),
    ("lines of a command", |n| {
        file(
            &repeated("services:\n  a:\n    image: a:1\n    command: |\n", n, |i| {
                format!("      curl $U{i} | sh\n")
            }),
            &[],
        )
    }),
    ("lines of a shell's text", |n| {
        file(
            &repeated(
                "services:\n  a:\n    image: a:1\n    command:\n      - sh\n      - -c\n      - |\n",
                n,
                |i| format!("        example /data/{i} $U\n"),
            ),
            &[],
        )
    }),
    ("options in a shell's text", |n| {
        let head = "services:\n  a:\n    image: a:1\n    command:\n      - sh\n      - -c\n      - |\n";
        file(&repeated(head, n, |i| format!("        example --example-{i}=a\n")), &[])
    }),
    ("debuggers that are named", |n| {
        of_one("command", n, |i| format!("      - \"-Dclojure.server.a{i}={{:port\"\n      - repl\n"))
    }),
    ("programs that are computed", |n| {
        let head = "services:\n  b: {image: \"b:1\", volumes: [\"v:/v\"]}\n  a:\n    image: a:1\n    volumes: [\"v:/v\"]\n    command:\n";
        file(&repeated(head, n, |_| "      - \"source $$X\"\n".to_owned()), &[])
    }),
    ("copies of what others write", |n| {
        let head = "services:\n  b: {image: \"b:1\", volumes: [\"v:/v\"]}\n  a:\n    image: a:1\n    volumes: [\"v:/v\"]\n    command:\n      - sh\n      - -c\n      - |\n";
        file(&repeated(head, n, |i| format!("        cp /v/{i} /tmp/{i}; cat /tmp/{}\n", i + 1)), &[])
    }),
    ("words of a health check", |n| {
        of_one("healthcheck:\n      test", n, |i| format!("        - \"a $U{i}\"\n"))
    }),
    ("variables", |n| of_one("environment", n, |i| format!("      - A{i}=example\n"))),
    ("variables as a map", |n| of_one("environment", n, |i| format!("      A{i}: example\n"))),
    ("variables that give others", |n| of_one("environment", n, |i| format!("      - A{i}=$A{}\n", i + 1))),
    ("variables that give one", |n| of_one("environment", n, |i| format!("      - A{i}=$A\n"))),
    ("variables with many others in one", |n| {
        file(
            &(repeated("services:\n  a:\n    image: a:1\n    environment:\n      A: \"", n, |i| {
                format!("$A{i} ")
            }) + "\"\n"),
            &[],
        )
    }),
    ("variables that may be set", |n| allowed("environment", n, |i| format!("      - API_URL_{i}=$V{i}\n"))),
    ("variables without a value", |n| allowed("environment", n, |i| format!("      - V{i}\n"))),
    ("variables behind a program's name", |n| {
        allowed("environment", n, |i| format!("      - QUILL_MAX_{i}=$V{i}\n"))
    }),
    ("variables of a text", |n| {
        let names: Vec<String> = (0..n).map(|i| format!("V{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let head = "services:\n  a:\n    image: a:1\n    environment:\n";
        let variables = repeated(head, n, |i| format!("      LOG_LEVEL_{i}: $V{i}\n"));
        file(
            &repeated(&(variables + "    command:\n      - sh\n      - -c\n      - |\n"), n, |i| {
                format!("        a $$LOG_LEVEL_{i}\n")
            }),
            &names,
        )
    }),
    ("one variable many times", |n| of_one("environment", n, |_| "      - A=$B\n".to_owned())),
    ("addresses", |n| {
        of_one("environment", n, |i| format!("      - A{i}_URL=https://example{i}.example.com/$P\n"))
    }),
    ("addresses in one value", |n| {
        file(
            &(repeated("services:\n  a:\n    image: a:1\n    environment:\n      A_URL: \"", n, |i| {
                format!("https://$H{i}/,")
            }) + "\"\n"),
            &[],
        )
    }),
    ("secrets in the open", |n| {
        of_one("environment", n, |i| format!("      - A{i}_PASSWORD=example{i}secret\n"))
    }),
    ("volumes", |n| of_one("volumes", n, |i| format!("      - example{i}:/b{i}\n"))),
    ("volumes of the machine", |n| of_one("volumes", n, |i| format!("      - /example{i}:/b{i}\n"))),
    ("volumes in the long form", |n| {
        of_one("volumes", n, |i| format!("      - {{type: bind, source: /a{i}, target: /b{i}}}\n"))
    }),
    ("volumes from outside", |n| of_one("volumes", n, |i| format!("      - $A{i}:/b{i}\n"))),
    ("images as volumes", |n| {
        of_one("volumes", n, |i| format!("      - {{type: image, source: \"a:{i}\", target: /b{i}}}\n"))
    }),
    ("volumes that variables name", |n| {
        let head =
            "services:\n  b:\n    image: b:1\n    volumes_from: [a]\n  a:\n    image: a:1\n    volumes:\n";
        let volumes = repeated(head, n, |i| format!("      - v{i}:/d/{i}\n"));
        file(
            &repeated(&(volumes + "    environment:\n"), n, |i| format!("      - PLUGIN_{i}=/d/{i}/x\n")),
            &[],
        )
    }),
    ("ports", |n| of_one("ports", n, |i| format!("      - \"{}:80\"\n", i + 1000))),
    ("ports in the long form", |n| {
        of_one("ports", n, |i| format!("      - {{target: {i}, published: \"$P{i}\"}}\n"))
    }),
    ("labels", |n| of_one("labels", n, |i| format!("      - example{i}=b\n"))),
    ("labels with values", |n| of_one("labels", n, |i| format!("      example{i}: $V{i}\n"))),
    ("labels that act", |n| {
        of_one("labels", n, |i| format!("      - traefik.http.routers.r{i}.rule=$V{i}\n"))
    }),
    ("one long label", |n| of_one("labels", 1, |_| format!("      {}: $V\n", "a.".repeat(n)))),
    ("networks", |n| of_one("networks", n, |i| format!("      - example{i}\n"))),
    ("secrets", |n| of_one("secrets", n, |i| format!("      - example{i}\n"))),
    ("configs that are mounted", |n| {
        of_one("configs", n, |i| format!("      - {{source: c{i}, target: /etc/ld.so.conf.d/{i}}}\n"))
    }),
    ("profiles", |n| of_one("profiles", n, |i| format!("      - example{i}\n"))),
    ("files of variables", |n| of_one("env_file", n, |i| format!("      - example{i}.env\n"))),
    ("devices", |n| of_one("devices", n, |i| format!("      - /dev/example{i}\n"))),
    ("capabilities", |n| of_one("cap_add", n, |i| format!("      - CAP_{i}\n"))),
    ("hosts", |n| of_one("extra_hosts", n, |i| format!("      - example{i}:1.2.3.4\n"))),
    ("names of servers", |n| of_one("dns", n, |i| format!("      - 1.2.3.{i}\n"))),
    ("links", |n| of_one("links", n, |i| format!("      - b{i}:c\n"))),
    ("memory that is mounted", |n| of_one("tmpfs", n, |i| format!("      - /example{i}\n"))),
    ("settings of the kernel", |n| of_one("sysctls", n, |i| format!("      - net.example{i}=1\n"))),
    ("options of protection", |n| of_one("security_opt", n, |i| format!("      - example{i}\n"))),
    ("options of the log", |n| of_one("logging:\n      options", n, |i| format!("        example{i}: $A\n"))),
    ("services that are waited for", |n| of_one("depends_on", n, |i| format!("      - example{i}\n"))),
    ("unknown keys", |n| {
        file(&repeated("services:\n  a:\n    image: a:1\n", n, |i| format!("    k{i}: $V{i}\n")), &[])
    }),
    ("notes", |n| of_one("x-notes", n, |i| format!("      - example{i}\n"))),
    ("arguments of a build", |n| {
        of_one("build:\n      context: .\n      args", n, |i| format!("        A{i}: $V{i}\n"))
    }),
    ("lines of a build", |n| {
        let head =
            "services:\n  a:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM a:1\n";
        file(&repeated(head, n, |i| format!("        RUN curl -o f{i} https://example.com/{i}\n")), &[])
    }),
    ("stages of a build", |n| {
        let head = "services:\n  a:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM a:1 AS s0\n";
        file(
            &repeated(head, n, |i| {
                format!("        FROM s{i} AS s{}\n        COPY --from=s{i} / /\n", i + 1)
            }),
            &[],
        )
    }),
    ("variables of a build", |n| {
        let head =
            "services:\n  a:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM a:1\n";
        file(&repeated(head, n, |i| format!("        ENV A{}=$A{i}x\n", i + 1)), &[])
    }),
    ("networks, and addresses in them", |n| {
        let head = "services:\n  a:\n    image: a:1\n    environment:\n";
        let variables =
            repeated(head, n, |i| format!("      A{i}: \"http://10.{}.{}.1/\"\n", i / 256 % 256, i % 256));
        file(
            &repeated(&(variables + "networks:\n"), n, |i| {
                format!(
                    "  n{i}: {{ipam: {{config: [{{subnet: \"10.{}.{}.0/24\"}}]}}}}\n",
                    i / 256 % 256,
                    i % 256
                )
            }),
            &[],
        )
    }),
    ("programs, and variables that they may hold", |n| {
        let head = "services:\n  a:\n    image: a:1\n    environment:\n";
        let variables = repeated(head, n, |i| format!("      V{i}: $V{i}\n"));
        file(
            &repeated(&(variables + "    command:\n"), n, |i| format!("      - \"$$V{i} --example-{i}\"\n")),
            &[],
        )
    }),
    ("code, and variables that it may read", |n| {
        let head = "services:\n  a:\n    image: a:1\n    environment:\n";
        let variables = repeated(head, n, |i| format!("      V{i}: $V{i}\n"));
        file(
            &repeated(&(variables + "    command:\n      - python\n      - -c\n      - |\n"), n, |i| {
                format!("        exec(os.environ['V{i}'])\n")
            }),
            &[],
        )
    }),
    ("volumes, and programs in them", |n| {
        let head =
            "services:\n  b: {image: \"b:1\", volumes_from: [a]}\n  a:\n    image: a:1\n    volumes:\n";
        let volumes = repeated(head, n, |i| format!("      - v{i}:/d/{i}\n"));
        file(
            &repeated(&(volumes + "    post_start:\n"), n, |i| format!("      - command: sh /d/{i}/x\n")),
            &[],
        )
    }),
    ("volumes, and servers of files", |n| {
        let head = "services:\n  a:\n    image: a:1\n    volumes:\n";
        let volumes = repeated(head, n, |i| format!("      - v{i}:/d/{i}\n"));
        file(
            &repeated(&(volumes + "    post_start:\n"), n, |i| {
                format!("      - command: darkhttpd /d/{i}\n")
            }),
            &[],
        )
    }),
    ("programs that are managed from outside", |n| {
        of_one("command", n, |_| "      - \"a --web.enable-lifecycle\"\n".to_owned())
    }),
    ("loops over secrets", |n| {
        of_one("post_start", n, |i| {
            format!("      - command: \"for f in /secret{i}.pem; do echo $$f; done\"\n")
        })
    }),
    ("models", |n| {
        let services = repeated("services:\n", n, |i| format!("  s{i}: {{image: \"a:1\", models: [m]}}\n"));
        file(&repeated(&(services + "models:\n"), n, |i| format!("  m{i}: {{model: $M{i}}}\n")), &[])
    }),
];
