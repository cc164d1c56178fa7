//! Code: Dockerfiles inside the document, command lines, scripts, program text from elsewhere.

use super::*;

/// What it is, the lines of its Dockerfile, what is found, what is not.
type Built = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

fn built(lines: &[&str]) -> String {
    let text: String = lines.iter().map(|line| format!("        {line}\n")).collect();
    format!("services:\n  app:\n    build:\n      context: .\n      dockerfile_inline: |\n{text}")
}

#[test]
fn what_a_dockerfile_of_the_document_starts_counts_as_a_command_does() {
    let table: &[Built] = &[
        (
            "a login",
            &["FROM ubuntu@D", "RUN apt-get install -y openssh-server", "CMD [\"/usr/sbin/sshd\", \"-D\"]"],
            &["CMP-007 critical"],
            &[],
        ),
        (
            "a login that is only installed",
            &["FROM ubuntu@D", "RUN apk add dropbear", "CMD /app"],
            &["CMP-007 high"],
            &["CMP-007 critical"],
        ),
        (
            "started as a service",
            &["FROM ubuntu@D", "CMD service ssh start && /app"],
            &["CMP-007 critical"],
            &[],
        ),
        (
            "a client",
            &["FROM ubuntu@D", "RUN apt-get install -y openssh-client", "CMD /app"],
            &[],
            &["CMP-007 low"],
        ),
        (
            "an earlier stage",
            &["FROM ubuntu@D AS one", "RUN apt-get install -y openssh-server", "FROM ubuntu@D", "CMD /app"],
            &[],
            &["CMP-007 low"],
        ),
        (
            "an onion service",
            &["FROM debian@D", "RUN apt-get install -y tor", "CMD tor -f /etc/tor/torrc"],
            &["NET-002 high"],
            &[],
        ),
        (
            "a private network",
            &["FROM debian@D", "RUN apk add wireguard-tools", "CMD wg-quick up wg0"],
            &["NET-002 high"],
            &[],
        ),
        (
            "neither",
            &["FROM debian@D", "RUN apt-get install -y curl", "CMD /app"],
            &[],
            &["NET-002 low", "CMP-007 low"],
        ),
    ];
    let mut faults = Vec::new();
    for (name, lines, must, never) in table {
        let audit = of(&built(lines), &[]);
        let bad: Vec<_> = must
            .iter()
            .filter(|wanted| !holds(&audit, wanted))
            .chain(never.iter().filter(|wanted| holds(&audit, wanted)))
            .collect();
        if !bad.is_empty() {
            faults.push(format!("{name}: {bad:?}\n{}", listing(&audit)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn the_lines_of_a_here_document_are_no_instructions() {
    let lines = [
        "FROM node@D",
        "RUN npm init -y && npm install viem",
        "RUN cat > index.mjs <<'SCRIPT'",
        "import { createServer } from \"http\"",
        "FROM nothing",
        "SCRIPT",
        "CMD [\"/usr/sbin/sshd\"]",
    ];
    let audit = of(&built(&lines), &[]);
    let unread = open(&audit, "DP-SRC-001").iter().any(|finding| finding.evidence.contains("instruction"));
    assert!(!unread, "{}", listing(&audit));
    // What stands behind it is judged, and so is what stands before.
    assert!(holds(&audit, "CMP-007 critical"), "{}", listing(&audit));
    assert!(holds(&audit, "SRC-006 low"), "{}", listing(&audit));
    // Without its end there is no document: the file stays unread.
    let audit = of(&built(&["FROM node@D", "RUN true", "import x"]), &[]);
    assert!(
        open(&audit, "DP-SRC-001").iter().any(|finding| finding.status != FindingStatus::Pass),
        "{}",
        listing(&audit)
    );
}

#[test]
fn a_desktop_or_a_tunnel_is_known_by_its_settings_under_any_image() {
    let app = |rest: &str| format!("services:\n  app:\n    image: example/app@D\n{rest}");
    let table: &[(&str, String, &[&str], &[&str])] = &[
        (
            "variables",
            app("    environment:\n      NEKO_MEMBER_PROVIDER: multiuser\n"),
            &["CMP-007 critical"],
            &[],
        ),
        ("its way through a browser", app("    ports: ['6080:6080']\n"), &["CMP-007 critical"], &[]),
        (
            "a program",
            app("    command: [websockify, '8000', 'localhost:5900']\n"),
            &["CMP-007 critical"],
            &[],
        ),
        (
            "the image",
            "services:\n  d:\n    image: acme/agent-desktop@D\n".to_owned(),
            &["CMP-007 critical"],
            &[],
        ),
        (
            "a desktop's neighbour",
            app("    environment:\n      DESKTOP_URL: http://a.acme.com\n"),
            &[],
            &["CMP-007 low"],
        ),
        (
            "the port of a network",
            app("    ports: ['51820:51820/udp']\n    cap_add: [NET_ADMIN]\n"),
            &["NET-002 high"],
            &[],
        ),
        ("the same number, streams", app("    ports: ['51820:51820']\n"), &[], &["NET-002 low"]),
        ("its folder", app("    volumes: ['./config:/etc/wireguard:ro']\n"), &["NET-002 high"], &[]),
        ("its key", app("    environment: ['WIREGUARD_PRIVATE_KEY=${X}']\n"), &["NET-002 high"], &[]),
        (
            "its image",
            "services:\n  v:\n    image: lscr.io/linuxserver/wireguard@D\n".to_owned(),
            &["NET-002 high"],
            &[],
        ),
        ("another folder", app("    volumes: ['./config:/etc/wireguards:ro']\n"), &[], &["NET-002 low"]),
    ];
    let mut faults = Vec::new();
    for (name, compose, must, never) in table {
        let audit = of(compose, &[]);
        let bad: Vec<_> = must
            .iter()
            .filter(|wanted| !holds(&audit, wanted))
            .chain(never.iter().filter(|wanted| holds(&audit, wanted)))
            .collect();
        if !bad.is_empty() {
            faults.push(format!("{name}: {bad:?}\n{}", listing(&audit)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn the_agents_socket_is_grave_wherever_the_code_is_not_fixed() {
    const SOCKET: &str = "    volumes: ['/var/run/dstack.sock:/var/run/dstack.sock']\n";
    let built = format!("services:\n  app:\n    build: .\n{SOCKET}");
    let pinned = format!("services:\n  app:\n    image: example/app@D\n{SOCKET}");
    let launched = |commit: &str| {
        format!(
            "services:\n  app:\n    image: acme/launcher@D\n    command: [/c]\n    configs:\n      - source: pin\n        target: /c\n{SOCKET}configs:\n  pin:\n    content: |\n      REPO_URL=https://github.com/o/r.git\n      COMMIT_SHA={commit}\n"
        )
    };
    let fixed = "ab".repeat(20);
    assert!(holds(&of(&built, &[]), "CMP-005 high"), "{}", listing(&of(&built, &[])));
    assert!(
        holds(&of(&launched("${X}"), &["X"]), "CMP-005 high"),
        "{}",
        listing(&of(&launched("${X}"), &["X"]))
    );
    for compose in [pinned, launched(&fixed)] {
        assert!(!holds(&of(&compose, &[]), "CMP-005 low"), "{}", listing(&of(&compose, &[])));
    }
}

#[test]
fn development_and_open_doors_in_a_command_line() {
    let table: &[(&str, &[&str], &[&str])] = &[
        ("[npm, run, 'start:dev']", &["CMP-019 medium"], &[]),
        ("npm run dev", &["CMP-019 medium"], &[]),
        ("[sh, -c, 'cd /app && exec nodemon x.js']", &["CMP-019 medium"], &[]),
        ("[next, dev]", &["CMP-019 medium"], &[]),
        ("npm run start", &[], &["CMP-019 low"]),
        ("[npm, run, device]", &[], &["CMP-019 low"]),
        ("[serve, /dev/shm]", &[], &["CMP-019 low"]),
        ("['--insecure-registry=reg:5000']", &["URL-008 high"], &[]),
        ("[dockerd, '--tls=false']", &["URL-008 high"], &[]),
        ("[dockerd, '--tls=true']", &[], &["URL-008 low"]),
        ("[serve, '--insecure-skip-tls-verify=false']", &[], &["URL-008 low"]),
    ];
    let mut faults = Vec::new();
    for (command, must, never) in table {
        let audit =
            of(&format!("services:\n  app:\n    image: example/app@D\n    command: {command}\n"), &[]);
        let bad: Vec<_> = must
            .iter()
            .filter(|wanted| !holds(&audit, wanted))
            .chain(never.iter().filter(|wanted| holds(&audit, wanted)))
            .collect();
        if !bad.is_empty() {
            faults.push(format!("{command}: {bad:?}\n{}", listing(&audit)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    run(&[
        (
            "emptied",
            "services:\n  d:\n    image: a/b@D\n    environment:\n      DOCKER_TLS_CERTDIR: ''\n",
            &[],
            &["URL-008 high"],
            &[],
        ),
        (
            "set",
            "services:\n  d:\n    image: a/b@D\n    environment:\n      DOCKER_TLS_CERTDIR: /certs\n",
            &[],
            &[],
            &["URL-008 low"],
        ),
        ("a tag that moves", "services:\n  d:\n    image: a/b:ingress-latest\n", &[], &["IMG-003 high"], &[]),
        (
            "a night",
            "services:\n  d:\n    image: a/b:nightly-20240101\n",
            &[],
            &["IMG-002 high"],
            &["IMG-003 low"],
        ),
    ]);
}

#[test]
fn what_a_script_reveals_and_where_it_writes() {
    let scripted = |script: &str, allowed: &[&str]| {
        let compose = format!("services:\n  app:\n    image: example/app{DIGEST}\n");
        let more = serde_json::json!({ "pre_launch_script": format!("#!/bin/bash\n{script}") });
        unattested(&app_compose_with(&compose, allowed, more))
    };
    let table: &[(&str, &[&str], &[&str])] = &[
        ("V=$(printf %s \"$X_ENC\" | base64 -d)\necho \"was: '$V'\"\n", &["SCR-009 high"], &[]),
        (
            "DECRYPTED_VALUE=$(docker run --rm -e E=\"$X_ENC\" alpine cat)\necho \"was: '$DECRYPTED_VALUE'\"\n",
            &["SCR-009 high"],
            &[],
        ),
        (
            "V=$(printf %s \"$X_ENC\" | base64 -d)\necho \"$V\" | docker login --password-stdin\n",
            &[],
            &["SCR-009 low"],
        ),
        ("V=$(printf %s \"$X_ENC\" | wc -c)\necho \"length $V\"\n", &[], &["SCR-009 low"]),
        (
            "DIR=\"$(cd \"$(dirname \"$0\")\" && pwd)\"\nF=\"$DIR/.env\"\ncat > \"$F\" <<EOF\nA=1\nEOF\n",
            &["SCR-004 critical"],
            &[],
        ),
        ("F=\"$DIR/notes.txt\"\ncat > \"$F\" <<EOF\nA=1\nEOF\n", &[], &["SCR-004 low"]),
    ];
    let mut faults = Vec::new();
    for (script, must, never) in table {
        let audit = scripted(script, &["X_ENC"]);
        let bad: Vec<_> = must
            .iter()
            .filter(|wanted| !holds(&audit, wanted))
            .chain(never.iter().filter(|wanted| holds(&audit, wanted)))
            .collect();
        if !bad.is_empty() {
            faults.push(format!("{script}: {bad:?}\n{}", listing(&audit)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn program_text_and_models_from_elsewhere_are_said() {
    run(&[
        (
            "sources beside the document",
            "services:\n  app:\n    image: example/app@D\n    volumes: ['./src:/app/src']\n",
            &[],
            &["CMP-008 high"],
            &[],
        ),
        (
            "a script that the database runs",
            "services:\n  db:\n    image: postgres@D\n    volumes: ['./init.sh:/docker-entrypoint-initdb.d/init.sh']\n",
            &[],
            &["CMP-008 high"],
            &[],
        ),
        (
            "data",
            "services:\n  app:\n    image: example/app@D\n    volumes: ['./data:/app/data', 'src:/app/src']\n",
            &[],
            &[],
            &["CMP-008 low"],
        ),
        (
            "a model by name",
            "services:\n  v:\n    image: example/app@D\n    command: --model Qwen/Qwen2.5-1.5B-Instruct --host 0.0.0.0\n",
            &[],
            &["CMP-006 medium"],
            &["CMP-006 high"],
        ),
        (
            "a model of the image",
            "services:\n  v:\n    image: example/app@D\n    command: --model /models/qwen --host 0.0.0.0\n",
            &[],
            &[],
            &["CMP-006 low"],
        ),
        (
            "a model at a commit",
            "services:\n  v:\n    image: example/app@D\n    command: --model Qwen/Qwen2.5 --revision abababababababababababababababababababab\n",
            &[],
            &[],
            &["CMP-006 low"],
        ),
    ]);
}

#[test]
fn a_part_that_only_works_off_a_queue_is_no_console() {
    run(&[
        (
            "the worker",
            "services:\n  w:\n    image: n8nio/n8n@D\n    command: worker\n",
            &[],
            &[],
            &["CMP-007 low"],
        ),
        ("the editor", "services:\n  w:\n    image: n8nio/n8n@D\n", &[], &["CMP-007 critical"], &[]),
        (
            "the worker with a port",
            "services:\n  w:\n    image: n8nio/n8n@D\n    command: worker\n    ports: ['5678:5678']\n",
            &[],
            &["CMP-007 critical"],
            &[],
        ),
        (
            "a command that somebody chooses",
            "services:\n  w:\n    image: n8nio/n8n@D\n    command: 'worker ${X}'\n",
            &["X"],
            &["CMP-007 critical"],
            &[],
        ),
    ]);
}
