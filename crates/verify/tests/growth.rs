//! Which tiles prove that the log has grown, and what they prove.

#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]
#![allow(dead_code, reason = "the cases use more of the world")]

#[path = "../examples/cases/world.rs"]
mod world;

use base64ct::{Base64, Encoding};
use kms_tlog::{Edge, Tile, leaf_hash};
use kms_verify::case::{NoQuestion, Question};
use kms_verify::{Growth, parse_tiles};
use serde_json::{Value, json};
use world::{Files, World};

const URL: &str = "https://log.example/kms";

/// A release far enough behind the one that was seen that the log has three tiles, two complete.
fn long() -> World {
    let mut world = World::new();
    world.behind = (0..600).map(|number: u32| number.to_be_bytes().to_vec()).collect();
    let log = world.policy["transparency"][0].as_str().unwrap().to_owned();
    world.policy["transparency"][0] = format!("{log} {URL}").into();
    world
}

/// The tile of leaves at a place, as long as it is; the one above has a hash for each complete one.
fn tile(world: &World, path: &str) -> Vec<u8> {
    let mut edge = Edge::default();
    let mut complete = Vec::new();
    for leaf in world.leaves() {
        complete.extend(edge.push(leaf));
    }
    let last = Edge::ids(edge.size()).filter_map(|id| edge.tile(id));
    let mut tiles: Vec<Tile> = complete.into_iter().chain(last).collect();
    tiles.retain(|tile| tile.id.path(tile.hashes.len()) == path);
    tiles.last().unwrap().hashes.concat()
}

fn question(files: &Files, growth: Option<&str>) -> Question {
    let file = |bytes: &[u8]| Value::from(Base64::encode_string(bytes));
    let json = json!({
        "policy": file(&files.policy),
        "manifest": file(&files.manifest),
        "proof": file(&files.proof),
        "growth": growth.map(|growth| file(growth.as_bytes())),
        "revocations": [],
        "mark": files.mark.as_deref().map(file),
        "now": files.now,
    });
    Question::parse(json.to_string().as_bytes()).unwrap()
}

fn wanted(files: &Files) -> Option<Growth> {
    question(files, None).growth_wanted().unwrap()
}

#[test]
fn the_tiles_of_a_log_prove_that_it_has_grown() {
    let world = long();
    let files = world.files();
    let growth = wanted(&files).unwrap();
    assert_eq!(growth.url, URL);
    let mut paths = growth.paths();
    let tiles: Vec<_> = paths.iter().map(|path| tile(&world, path)).collect();
    let proof = growth.prove(&tiles).unwrap();
    assert_eq!(proof.as_bytes(), files.growth.as_deref().unwrap());
    let answer = question(&files, Some(&proof)).answer().unwrap();
    assert!(answer.accepted, "{:?}", answer.code);
    paths.sort();
    // What is above a complete tile stands for it.
    assert_eq!(paths, ["tile/0/000", "tile/0/002.p/92", "tile/1/000.p/2"]);
}

#[test]
fn tiles_that_are_not_those_prove_nothing() {
    let world = long();
    let growth = wanted(&world.files()).unwrap();
    let good: Vec<_> = growth.paths().iter().map(|path| tile(&world, path)).collect();
    assert_eq!(growth.prove(&[]), None);
    assert_eq!(growth.prove(&good[1..]), None);
    for place in 0..good.len() {
        let changed = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut tiles = good.clone();
            change(&mut tiles[place]);
            growth.prove(&tiles)
        };
        assert_eq!(changed(&|tile| tile.truncate(tile.len() - 1)), None);
        assert_eq!(changed(&|tile| tile.truncate(tile.len() - 32)), None);
        assert_eq!(changed(&|tile| tile.resize(257 * 32, 0)), None);
        // One of the right length is for the verifier to judge.
        let other = changed(&|tile| tile.fill(7)).unwrap();
        let answer = question(&world.files(), Some(&other)).answer().unwrap();
        assert_eq!(answer.code.as_deref(), Some("log_forked"));
    }
    // A tile that was not complete then may be so by now.
    let mut later = good.clone();
    for tile in &mut later {
        while tile.len() < 256 * 32 {
            tile.extend(leaf_hash(b"later"));
        }
    }
    assert_eq!(growth.prove(&later), growth.prove(&good));
}

#[test]
fn nothing_is_wanted_where_nothing_is_to_be_proved() {
    let good = long();
    assert!(wanted(&good.files()).is_some());
    let mut same = long();
    same.seen_size = same.leaves().len();
    let mut nowhere = World::new();
    nowhere.behind.clone_from(&good.behind);
    let mut new = long();
    new.seen_size = 0;
    for world in [same, nowhere, new] {
        assert_eq!(wanted(&world.files()), None);
    }
    for spoil in [
        |files: &mut Files| files.policy = b"{}".to_vec(),
        |files: &mut Files| files.mark = Some(b"{}".to_vec()),
        |files: &mut Files| files.proof = b"\xff".to_vec(),
        |files: &mut Files| files.proof = b"none".to_vec(),
    ] {
        let mut files = good.files();
        spoil(&mut files);
        assert_eq!(wanted(&files), None);
    }
    let mut bad = serde_json::to_value(question(&good.files(), None)).unwrap();
    bad["mark"] = "?".into();
    let bad = Question::parse(bad.to_string().as_bytes()).unwrap();
    assert_eq!(bad.growth_wanted(), Err(NoQuestion));
}

#[test]
fn tiles_are_a_list_of_base64() {
    assert_eq!(parse_tiles(br#"["AQI=", ""]"#), Some(vec![vec![1, 2], vec![]]));
    for bad in [&b""[..], b"{}", b"[1]", br#"["AQI"]"#, b"\xff"] {
        assert_eq!(parse_tiles(bad), None);
    }
}
