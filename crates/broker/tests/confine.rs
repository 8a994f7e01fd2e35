//! What a process gives up before it serves. Restrictions are a thread's, so that each test has one.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // helpers of tests

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;

use kms_broker::confine::{Confined, Extent, Needs, confine};
use memmap2::MmapMut;
use tempfile::TempDir;

const NO_SUCH_CALL: Option<i32> = Some(38); // ENOSYS

fn folder() -> (TempDir, Needs) {
    let dir = tempfile::tempdir().unwrap();
    for name in ["state", "pki", "other"] {
        fs::create_dir(dir.path().join(name)).unwrap();
        fs::write(dir.path().join(name).join("file"), name).unwrap();
    }
    fs::write(dir.path().join("config.json"), "{}").unwrap();
    let needs = Needs {
        files: vec![dir.path().join("config.json")],
        folders: BTreeSet::from([dir.path().join("pki")]),
        state: dir.path().join("state"),
        ..Needs::default()
    };
    (dir, needs)
}

fn text(path: &Path) -> Result<String, ErrorKind> {
    fs::read_to_string(path).map_err(|error| error.kind())
}

#[test]
fn the_kernel_takes_all_of_it() {
    let (_dir, needs) = folder();
    let confined = confine(&needs).unwrap();
    assert_ne!(confined.paths, Extent::None, "this kernel has no Landlock: {confined}");
    assert_eq!(confined, Confined { calls: Extent::Full, ..confined });
    let mut missing = needs;
    missing.state.push("none");
    assert!(confine(&missing).is_err());
}

#[test]
fn files_that_are_not_needed_are_out_of_reach() {
    let (dir, needs) = folder();
    let at = |name: &str| dir.path().join(name);
    assert_eq!(text(&at("other/file")).as_deref(), Ok("other"));
    assert!(text(Path::new("/etc/passwd")).is_ok());
    confine(&needs).unwrap();
    let denied = Err(ErrorKind::PermissionDenied);
    assert_eq!(text(&at("other/file")), denied);
    assert_eq!(text(Path::new("/etc/passwd")), denied);
    assert_eq!(text(&at("config.json")).as_deref(), Ok("{}"));
    for place in ["config.json", "pki/file", "pki/new", "new"] {
        assert!(fs::write(at(place), "").is_err(), "{place} can be written");
    }
    fs::write(at("state/next"), "next").unwrap();
    fs::rename(at("state/next"), at("state/file")).unwrap();
    assert_eq!(text(&at("state/file")).as_deref(), Ok("next"));
    fs::File::open(at("state")).unwrap().sync_all().unwrap();
}

#[test]
fn a_certificate_that_is_replaced_can_be_read() {
    let (dir, needs) = folder();
    let at = |name: &str| dir.path().join(name);
    let (go, wait) = std::sync::mpsc::channel();
    let (read, path) = (std::sync::mpsc::channel(), at("pki/file"));
    let confined = std::thread::spawn(move || {
        confine(&needs).unwrap();
        read.0.send(text(&path)).unwrap();
        wait.recv().unwrap();
        text(&path)
    });
    assert_eq!(read.1.recv().unwrap().as_deref(), Ok("pki"));
    fs::write(at("pki/next"), "new").unwrap();
    fs::rename(at("pki/next"), at("pki/file")).unwrap();
    go.send(()).unwrap();
    assert_eq!(confined.join().unwrap().as_deref(), Ok("new"));
}

#[test]
fn ports_that_are_not_named_are_out_of_reach() {
    let (_dir, mut needs) = folder();
    let [named, other] = [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [named, other] = [&named, &other].map(|listener| listener.local_addr().unwrap());
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    needs.connect.insert(named.port());
    needs.listen = free.port();
    confine(&needs).unwrap();
    TcpStream::connect(named).unwrap();
    let refused = TcpStream::connect(other).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
    TcpListener::bind(free).unwrap();
    let refused = TcpListener::bind("127.0.0.1:0").unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied);
}

#[test]
fn system_calls_that_are_not_needed_do_not_exist() {
    let (dir, needs) = folder();
    let at = |name: &str| dir.path().join(name);
    assert!(Command::new("true").status().unwrap().success());
    confine(&needs).unwrap();
    let started = Command::new("true").status().unwrap_err();
    assert_eq!(started.raw_os_error(), NO_SUCH_CALL, "a process was started: {started}");
    let linked = fs::hard_link(at("state/file"), at("state/link")).unwrap_err();
    assert_eq!(linked.raw_os_error(), NO_SUCH_CALL);
    assert_eq!(UnixDatagram::unbound().unwrap_err().raw_os_error(), NO_SUCH_CALL);
    let written = MmapMut::map_anon(4096).unwrap();
    assert_eq!(written.make_exec().unwrap_err().raw_os_error(), NO_SUCH_CALL);
    // What serving needs is there: threads, sockets, names of hosts.
    assert_eq!(std::thread::spawn(|| 1).join().unwrap(), 1);
    assert!(("localhost", 1).to_socket_addrs().unwrap().count() > 0);
}
