//! Replies that are no answers: each ends the endpoint with words, and none is kept as an answer.

use crate::node::{ask, found, node, read, scene, truthful};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use veritee_acquire::chain::ChainReadError;
use veritee_loopback::{Reply, Server};
use veritee_testkit::chain::World;

/// A node whose reply to anything but the chain id is spoiled.
fn spoiled(world: &Arc<World>, spoil: impl Fn(Vec<Value>) -> Reply + Send + Sync + 'static) -> Server {
    let world = Arc::clone(world);
    let server = Server::http();
    server.otherwise(move |request| {
        let questions: Value = serde_json::from_slice(&request.body).unwrap();
        let one = |question: &Value| {
            let method = question["method"].as_str().unwrap();
            let result = truthful(&world, method, &question["params"]).unwrap_or_default();
            json!({"jsonrpc": "2.0", "id": question["id"], "result": result})
        };
        match &questions {
            Value::Array(all) => spoil(all.iter().map(one).collect()),
            question => Reply::json(one(question).to_string()),
        }
    });
    server
}

fn replies(replies: Vec<Value>) -> Reply {
    Reply::json(Value::Array(replies).to_string())
}

#[test]
fn a_spoiled_batch_ends_the_endpoint_and_leaves_its_questions_open() {
    type Spoil = fn(Vec<Value>) -> Reply;
    let kinds: [(&str, &str, Spoil); 14] = [
        ("an id that was not asked", "was not asked", |mut all| {
            all[0]["id"] = json!(77);
            replies(all)
        }),
        ("an id twice", "answered before", |mut all| {
            all[1] = all[0].clone();
            replies(all)
        }),
        ("an id as text", "JSON-RPC", |mut all| {
            all[0]["id"] = json!("0");
            replies(all)
        }),
        ("an id of null", "was not asked", |mut all| {
            all[0]["id"] = Value::Null;
            replies(all)
        }),
        ("an answer too few", "no answer", |mut all| {
            all.pop();
            replies(all)
        }),
        ("an answer too many", "was not asked", |mut all| {
            all.push(json!({"jsonrpc": "2.0", "id": all.len(), "result": null}));
            replies(all)
        }),
        ("result and error", "exactly one", |mut all| {
            all[0]["error"] = json!({"code": 1, "message": "x"});
            replies(all)
        }),
        ("neither result nor error", "exactly one", |mut all| {
            all[0].as_object_mut().unwrap().remove("result");
            replies(all)
        }),
        ("another version", "JSON-RPC", |mut all| {
            all[0]["jsonrpc"] = json!("1.0");
            replies(all)
        }),
        ("no JSON", "JSON-RPC", |_| Reply::json("<html>busy</html>")),
        ("cut off", "JSON-RPC", |all| {
            let text = Value::Array(all).to_string();
            Reply::json(text[..text.len() / 2].to_owned())
        }),
        ("another media type", "content type", |all| Reply::text(Value::Array(all).to_string())),
        ("a status", "500", |_| Reply::status(500)),
        ("no reply", "", |_| Reply::close()),
    ];
    let scene = scene();
    let world = Arc::new(scene.world.clone());
    for (name, words, spoil) in kinds {
        let (honest, liar) = (node(&world), spoiled(&world, spoil));
        let read = read(&[&honest, &liar], &ask(&scene)).unwrap();
        let told = read.notes.iter().any(|note| note.what.contains(words));
        assert!(told, "{name}: {:?}", read.notes);
        let found = found(&read);
        assert_eq!(found.agreeing, 1, "{name}");
        assert!(!found.missing.is_empty(), "{name}: its questions stay open");
        assert_eq!(found.faults, [], "{name}: what was not answered is no answer");
        assert!(found.survey.app.unwrap().unwrap().complete, "{name}: the honest one is read whole");
    }
}

#[test]
fn a_server_that_says_nothing_costs_a_bounded_time() {
    let scene = scene();
    let world = Arc::new(scene.world.clone());
    let (honest, silent) = (node(&world), spoiled(&world, |_| Reply::silent()));
    let begun = Instant::now();
    let read = read(&[&honest, &silent], &ask(&scene)).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(found(&read).agreeing, 1);
    assert!(!read.notes.is_empty());
}

#[test]
fn nothing_that_answers_is_no_chain() {
    let scene = scene();
    let dead = Server::http();
    dead.otherwise(|_| Reply::status(503));
    let error = read(&[&dead], &ask(&scene)).unwrap_err();
    assert!(matches!(error, ChainReadError::NoBlock { .. }), "{error}");
    assert!(!error.to_string().contains("secret-key"), "{error}");
    let mute = Server::http();
    mute.otherwise(|_| Reply::json(r#"{"jsonrpc":"2.0","id":0,"result":null}"#));
    let error = read(&[&mute], &ask(&scene)).unwrap_err();
    assert!(error.to_string().contains("which chain"), "{error}");
}
