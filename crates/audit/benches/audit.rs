//! One typical app_compose (budget: 5 ms) and a forged repository of 5,000 files (budget: 2 s).
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use veritee_audit::{Context, MemoryTree, audit, audit_source};
use veritee_compose::{Deployment, UnboundCompose};
use veritee_model::Budget;

/// An app_compose of the usual size: eight services, 60 variables, a script of 200 lines.
fn typical() -> Vec<u8> {
    let mut compose = String::from("services:\n");
    let mut allowed = Vec::new();
    for service in 0..8 {
        compose.push_str(&format!("  service-{service}:\n    image: example/app-{service}@sha256:{}\n    ports:\n      - \"80{service}0:8080\"\n    environment:\n", "ab".repeat(32)));
        for variable in 0..8 {
            let name = format!("S{service}_API_{variable}_URL");
            compose.push_str(&format!("      - {name}=${{{name}:-https://api.example.com/{variable}}}\n"));
            allowed.push(name);
        }
        compose.push_str("    volumes:\n      - /var/run/dstack.sock:/var/run/dstack.sock\n      - data:/data\n    healthcheck:\n      test: [\"CMD-SHELL\", \"curl -f http://127.0.0.1:8080/health || exit 1\"]\n    restart: unless-stopped\n");
    }
    compose.push_str("volumes:\n  data:\n");
    let mut script = String::from("#!/bin/bash\nset -e\n");
    for line in 0..60 {
        script.push_str(&format!("if [[ -n \"$VARIABLE_{line}\" ]]; then\n  echo \"step {line}\"\nfi\n"));
    }
    let document = serde_json::json!({
        "manifest_version": 2, "name": "typical", "runner": "docker-compose", "docker_compose_file": compose,
        "kms_enabled": true, "gateway_enabled": true, "allowed_envs": allowed, "pre_launch_script": script,
    });
    serde_json::to_vec(&document).unwrap()
}

/// 5,000 files of 120 lines of code each, half of them with a word that a rule asks the grammar about.
fn repository() -> MemoryTree {
    let mut tree = MemoryTree::default();
    for file in 0..5000 {
        let (extension, head, line, tail) = match file % 4 {
            0 => (
                "ts",
                "",
                "export const value = process.env.API_URL || 'https://api.example.com'; // verified elsewhere\n",
                "",
            ),
            1 => (
                "py",
                "",
                "def handle(request): return client.post(url, json=request.data, headers=headers)\n",
                "",
            ),
            2 => (
                "rs",
                "pub fn quotes() -> Result<(), Error> {\n",
                "let quote = client.quote(&report_data).map_err(|error| Error::Quote(error))?;\n",
                "Ok(())\n}\n",
            ),
            _ => (
                "go",
                "package a\n\nfunc serve() {\n",
                "if err := server.ListenAndServe(); err != nil { log.Fatal(err) }\n",
                "}\n",
            ),
        };
        let text = format!("{head}{}{tail}", line.repeat(120));
        tree.files.insert(format!("src/module{}/file{file}.{extension}", file % 97), text.into_bytes());
    }
    tree.files.insert("Dockerfile".to_owned(), b"FROM node:20\nRUN npm install\n".to_vec());
    tree
}

fn deployment(raw: &[u8]) -> Deployment {
    let unbound = UnboundCompose::parse(raw, &Budget::STANDARD).unwrap();
    Deployment::from_unbound(&unbound, &veritee_compose::Context::default())
}

fn benches(criterion: &mut Criterion) {
    let raw = typical();
    let context = Context::default();
    criterion.bench_function("audit/app_compose/read_and_audit", |bencher| {
        bencher.iter(|| audit(&deployment(black_box(&raw)), &context));
    });
    let resolved = deployment(&raw);
    criterion.bench_function("audit/app_compose/audit_only", |bencher| {
        bencher.iter(|| audit(black_box(&resolved), &context));
    });
    let tree = repository();
    let mut group = criterion.benchmark_group("audit/repository");
    group.sample_size(10);
    group.bench_function("5000_files", |bencher| {
        bencher.iter(|| audit_source(None, black_box(&tree), &context));
    });
    // The same by its lines alone, as where a tree has more code than is parsed.
    let mut lines = Context::default();
    lines.budget.source_grammar_work = 0;
    group.bench_function("5000_files_by_lines", |bencher| {
        bencher.iter(|| audit_source(None, black_box(&tree), &lines));
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);
