//! The checker, run whole: against a real server that keeps its promise, and with a reader's log damaged on purpose.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
    thread,
};

/// The server's program, built from what lies here now.
fn server() -> PathBuf {
    let built = Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "server"]).status();
    assert!(built.expect("cargo").success(), "the server does not compile");
    Path::new(env!("CARGO_BIN_EXE_loadtest")).with_file_name("push-system")
}

fn check(server: &Path, arguments: &[&str]) -> Output {
    let small = ["--writers", "2", "--readers", "4", "--rate", "60", "--seconds", "2"];
    // Tests run beside each other and beside compilers: what they show of time means nothing.
    let patient = if arguments.contains(&"--slack") { &[][..] } else { &["--slack", "100"] };
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadtest"));
    command.arg("check").arg("--server").arg(server).args(small).args(patient).args(arguments);
    // Its folders go into `target`, seen from the workspace.
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace"));
    command.output().expect("the checker")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_server_that_keeps_its_promise_passes_and_each_damage_to_a_log_is_named() {
    let server = &server();
    let expected = [
        (None, ""),
        (Some("drop"), "never applied seq"),
        (Some("swap"), "after seq"),
        (Some("duplicate"), "twice"),
        (Some("alter"), "with other content"),
        (Some("leak"), "which it is not entitled to"),
    ];
    thread::scope(|scope| {
        for (sabotage, sentence) in expected {
            scope.spawn(move || {
                let arguments: Vec<&str> = sabotage.iter().flat_map(|kind| ["--sabotage", kind]).collect();
                let output = check(server, &arguments);
                let text = text(&output);
                assert_eq!(output.status.success(), sabotage.is_none(), "{sabotage:?}: {text}");
                assert_eq!(text.contains("VIOLATION"), sabotage.is_some(), "{sabotage:?}: {text}");
                assert!(text.contains(sentence), "{sabotage:?}: {text}");
            });
        }
    });
}

#[test]
fn a_killed_server_loses_nothing() {
    let output = check(&server(), &["--fault", "kill-instance"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("kill-instance, SQLite, 1, "), "{}", text(&output));
}

#[test]
fn a_run_that_takes_longer_than_its_bounds_fails() {
    let output = check(&server(), &["--fault", "kill-instance", "--slack", "0"]);
    let text = text(&output);
    assert!(!output.status.success() && !text.contains("VIOLATION"), "{text}");
    assert!(text.contains("EXCEEDED: recovery was "), "{text}");
}

#[test]
fn a_backup_restored_under_readers_is_a_reset_and_nobody_is_silently_wrong() {
    let output = check(&server(), &["--fault", "restore-backup"]);
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("restore-backup, SQLite, 1, "), "{}", text(&output));
}
