//! `play --full` in a real terminal: inside tmux, by its keys, as seen on its screen.
//!
//! Needs tmux, and fails without one: a screen that nobody looked at is not tested. Each test has a
//! tmux server of its own. What is said on the screens is tested in `tests/it/cli/play.rs`.

use std::process::Command;
use std::time::{Duration, Instant};

/// A program in a terminal of so many columns and lines.
struct Terminal {
    socket: String,
}

impl Terminal {
    fn start(name: &str, columns: u16, lines: u16, arguments: &str) -> Terminal {
        let socket = format!("lostwrite-{name}-{}", std::process::id());
        let terminal = Terminal { socket };
        let program = env!("CARGO_BIN_EXE_lostwrite");
        // The last line tells how it ended, and the screen stays.
        let line = format!(
            "LC_ALL=C.UTF-8 NO_COLOR= {program} {arguments}; echo \"it ended with $?\"; sleep 600"
        );
        let (columns, lines) = (columns.to_string(), lines.to_string());
        let size = ["-x", columns.as_str(), "-y", lines.as_str()];
        terminal.tmux(&[&["new-session", "-d"], size.as_slice(), &["sh", "-c", &line]].concat());
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut tmux = Command::new("tmux");
        tmux.args(["-L", &self.socket, "-f", "/dev/null"]).args(arguments);
        tmux.env("LC_ALL", "C.UTF-8");
        let ran = tmux.output().expect("tmux is needed here: apt-get install tmux");
        let errors = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "tmux {arguments:?}: {errors}");
        String::from_utf8_lossy(&ran.stdout).into_owned()
    }

    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// The screen, once it shows this.
    fn wait_for(&self, what: &str) -> String {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let screen = self.screen();
            if screen.contains(what) {
                return screen;
            }
            assert!(Instant::now() < end, "`{what}` does not come:\n{screen}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let kill = ["-L", &self.socket, "kill-server"];
        let _ = Command::new("tmux").args(kill).output();
    }
}

#[test]
fn a_write_is_lost_by_single_keys_and_taken_back() {
    let terminal = Terminal::start("keys", 100, 32, "play status-race --full");
    let intro = terminal.wait_for("any key closes this");
    assert!(intro.contains("6 schedules, 4 of them lose a write"), "{intro}");
    terminal.press(&["Space"]);
    terminal.press(&["h", "u", "h"]);
    let trap = terminal.wait_for("so far: huh");
    assert!(trap.contains("1 schedule, and it is a losing one"), "{trap}");
    assert!(trap.contains("\u{2260}"), "usage's belief is out of date: {trap}");
    terminal.press(&["u"]);
    let lost = terminal.wait_for("health lost a write.");
    assert!(lost.contains("phase: Running is gone"), "{lost}");
    assert!(lost.contains("1 of the 4 losing schedules"), "{lost}");
    terminal.press(&["b"]);
    let back = terminal.wait_for("[u] usage moves");
    assert!(back.contains("so far: huh ") || back.contains("so far: huh\n"), "{back}");
    terminal.press(&["q"]);
    let end = terminal.wait_for("it ended with 0");
    assert!(end.contains("You found 1 losing schedule: huhu."), "{end}");
    assert!(end.contains("lostwrite replay status-race --schedule"), "{end}");
}

#[test]
fn the_arrows_are_enough() {
    let terminal = Terminal::start("arrows", 100, 32, "play status-race --full");
    terminal.wait_for("any key closes this");
    terminal.press(&["Enter"]);
    terminal.press(&["Enter", "Down", "Enter", "Enter", "Down"]);
    terminal.wait_for("so far: huh");
    terminal.press(&["Enter"]);
    // One worker is left, so the cursor stays where it is.
    terminal.wait_for("health lost a write.");
    terminal.press(&["Left", "Left", "Left", "Left"]);
    terminal.wait_for("nothing has happened yet");
}

#[test]
fn the_first_key_acts() {
    let terminal = Terminal::start("first", 100, 32, "play status-race --full");
    terminal.wait_for("any key closes this");
    terminal.press(&["h"]);
    terminal.wait_for("so far: h");
}

#[test]
fn deliveries_faults_and_questions_have_keys_of_several_characters() {
    let terminal = Terminal::start("faults", 100, 40, "play timeout --full");
    terminal.wait_for("any key closes this");
    terminal.press(&["Space", "?"]);
    // What is too wide for the box goes on in the next line.
    let screen = terminal.wait_for("only the answer to a write that lands is worth");
    assert!(screen.contains("[!lu] the next step of usage is not a write"), "{screen}");
    assert!(screen.matches("losing").count() == 2, "{screen}");
    terminal.press(&["Space", "h", "!", "l", "h"]);
    terminal.wait_for("the answer is lost");
    terminal.press(&["?"]);
    terminal.wait_for("no lost answer is left");
    terminal.press(&["Space", "e"]);
    terminal.wait_for("in its parts");
    terminal.press(&["Space", "o"]);
    terminal.wait_for("so far: h!lh");
    terminal.press(&["x"]);
    terminal.wait_for("There is nothing to find");
}

#[test]
fn a_small_terminal_and_one_that_changes_its_size() {
    let terminal = Terminal::start("small", 60, 16, "play stale-cache --full");
    terminal.wait_for("any key closes this");
    terminal.press(&["Space", "h", "h", "u", "u"]);
    let screen = terminal.wait_for("so far: hhuu");
    assert!(screen.contains("PageDown: more"), "{screen}");
    terminal.press(&["PageDown", "PageDown", "PageDown", "PageDown"]);
    terminal.wait_for("that makes 1 of the 12 losing schedules");
    terminal.tmux(&["resize-window", "-x", "120", "-y", "45"]);
    terminal.wait_for("replay   lostwrite replay stale-cache");
}

#[test]
fn ctrl_c_leaves_the_terminal_as_it_was() {
    let terminal = Terminal::start("interrupt", 100, 32, "play status-race --full");
    terminal.wait_for("any key closes this");
    terminal.press(&["Space", "h", "u"]);
    terminal.wait_for("so far: hu");
    terminal.press(&["C-c"]);
    let end = terminal.wait_for("it ended with 130");
    assert!(end.contains("You stopped after 2 steps (hu)."), "{end}");
    assert!(!end.contains("would do next"), "the old screen is back: {end}");
}

#[test]
fn lines_work_in_a_terminal_too() {
    let terminal = Terminal::start("lines", 100, 60, "play status-race");
    terminal.wait_for("schedule so far: -");
    terminal.press(&["huhu", "Enter"]);
    terminal.wait_for("health lost a write.");
    terminal.press(&["C-d"]);
    terminal.wait_for("it ended with 0");
}
