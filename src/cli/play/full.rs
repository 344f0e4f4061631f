//! `play --full`: the same game on the whole terminal, one key per move.
//!
//! ratatui draws what `report/game/` says; nothing is decided here but where it stands. The moves
//! are a list with a cursor too, so that no letter has to be known. Left out: the mouse.
//! Next to read: `session.rs`.

use std::io::IsTerminal;

use ratatui::Frame;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style as Look};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::keys::{Command, Input};
use super::session::{Reply, Session};
use crate::cli::exit::{Exit, Outcome};
use crate::cli::output;
use crate::report::game::{self, Menu};
use crate::report::{Role, Style, Text, paint, wrap};
use crate::scenario::Diagnostic;

/// The state of the screen.
#[derive(Debug, Default)]
struct Screen {
    /// The move under the cursor.
    cursor: usize,
    /// The beginning of a move of several characters: `~`, `!l`.
    typed: String,
    /// What is said on top of everything, and how far it is scrolled.
    said: Option<(Vec<Text>, u16)>,
    /// Lines that the timeline is scrolled back by.
    back: u16,
}

/// What a key led to.
enum Next {
    Go,
    Leave(Exit),
}

/// Plays until the player leaves.
pub fn run(session: &mut Session<'_>, style: &Style) -> Outcome {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(Diagnostic::error(
            "`play --full` needs a terminal, for its keys and its screen",
        )
        .help("without `--full` it plays line by line, also in a pipe")
        .into());
    }
    let mut terminal = ratatui::try_init()
        .map_err(|error| Diagnostic::error(format!("cannot use this terminal: {error}")))?;
    let mut screen = Screen {
        said: Some((session.introduction(&Style { width: 72, ..*style }), 0)),
        ..Screen::default()
    };
    let ended = loop {
        let drawn = terminal.draw(|frame| draw(frame, session, &mut screen, style));
        let read = drawn.and_then(|_| event::read());
        match read {
            Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => {
                let width = terminal.size().map_or(100, |size| usize::from(size.width));
                match press(session, &mut screen, key, &Style { width, ..*style }) {
                    Next::Go => {}
                    Next::Leave(exit) => break Ok(exit),
                }
            }
            Ok(_) => {}
            Err(error) => break Err(Diagnostic::error(format!("the terminal is gone: {error}"))),
        }
    };
    ratatui::restore();
    let exit = ended?;
    output::stdout(&paint(&session.farewell(), style))?;
    Ok(exit)
}

fn press(session: &mut Session<'_>, screen: &mut Screen, key: KeyEvent, style: &Style) -> Next {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        let leave = matches!(key.code, KeyCode::Char('c' | 'd'));
        return if leave { Next::Leave(Exit::Interrupted) } else { Next::Go };
    }
    if let Some((lines, at)) = &mut screen.said {
        match key.code {
            KeyCode::Down | KeyCode::PageDown if usize::from(*at) + 1 < lines.len() => *at += 1,
            KeyCode::Up | KeyCode::PageUp => *at = at.saturating_sub(1),
            // A move is a move, whatever is said on top of it.
            KeyCode::Char(c) if c != ' ' => {
                screen.said = None;
                return keyed(session, screen, key, style);
            }
            _ => screen.said = None,
        }
        return Next::Go;
    }
    keyed(session, screen, key, style)
}

fn keyed(session: &mut Session<'_>, screen: &mut Screen, key: KeyEvent, style: &Style) -> Next {
    let ways = session.walk.choices();
    let count = ways.len().max(1);
    match key.code {
        KeyCode::Down => screen.cursor = (screen.cursor + 1) % count,
        KeyCode::Up => screen.cursor = (screen.cursor + count - 1) % count,
        // A game's newest rows are at its end; an ending is read from its beginning.
        KeyCode::PageUp | KeyCode::PageDown => {
            let away = (key.code == KeyCode::PageUp) != session.walk.is_over();
            let back = screen.back;
            screen.back = if away { back.saturating_add(4) } else { back.saturating_sub(4) };
        }
        KeyCode::Esc => screen.typed.clear(),
        KeyCode::Backspace | KeyCode::Left => {
            return obey(session, screen, Input::Command(Command::Back), style);
        }
        KeyCode::Enter | KeyCode::Right => {
            if let Some(choice) = ways.get(screen.cursor) {
                return obey(session, screen, Input::Step(*choice), style);
            }
        }
        KeyCode::Char(c) => return character(session, screen, c, style),
        _ => {}
    }
    Next::Go
}

fn character(session: &mut Session<'_>, screen: &mut Screen, c: char, style: &Style) -> Next {
    screen.typed.push(c);
    let begun = matches!(screen.typed.as_str(), "~" | "!" | "!l" | "!c" | "!w" | ":");
    if begun {
        return Next::Go;
    }
    let typed = std::mem::take(&mut screen.typed);
    let (inputs, mistake) = session.keys.line(&typed);
    if let Some(mistake) = mistake {
        screen.said = Some((vec![Text::of(Role::Notice, format!(" {mistake}."))], 0));
    }
    for input in inputs {
        if let Next::Leave(exit) = obey(session, screen, input, style) {
            return Next::Leave(exit);
        }
    }
    Next::Go
}

fn obey(session: &mut Session<'_>, screen: &mut Screen, input: Input, style: &Style) -> Next {
    match session.take(input, &Style { width: style.width.saturating_sub(6), ..*style }) {
        Reply::Quit => return Next::Leave(Exit::Ok),
        Reply::Moved => (screen.cursor, screen.back) = (0, 0),
        Reply::Says(lines) => screen.said = Some((lines, 0)),
    }
    Next::Go
}

fn draw(frame: &mut Frame<'_>, session: &Session<'_>, screen: &mut Screen, style: &Style) {
    let area = frame.area();
    let style = Style { width: usize::from(area.width.max(40)), ..*style };
    let (moves, menu) = (game::moves(&session.walk), session.keys.menu(&session.commands()));
    let keys = lines(&game::keys(&menu, &style), &style);
    let status = match screen.typed.as_str() {
        "" => format!(
            " {}   so far: {}",
            session.walk.game().scenario().name,
            game::letters(&session.walk)
        ),
        typed => {
            format!(
                " {}   so far: {}   {typed}",
                session.walk.game().scenario().name,
                game::letters(&session.walk)
            )
        }
    };
    let over = session.walk.is_over();
    let body = match over {
        true => session.ending(&style),
        false => game::timeline_so_far(&session.walk, &style),
    };
    let below = if over { Vec::new() } else { game::beliefs(&session.walk, &style) };
    let odds = if session.odds && !over { 2 } else { 0 };
    let height = |lines: usize| Constraint::Length(u16::try_from(lines).unwrap_or(u16::MAX));
    let [title, main, beliefs, meter, list, foot] = Layout::vertical([
        height(2),
        Constraint::Min(3),
        height(below.len() + usize::from(!below.is_empty())),
        height(odds),
        height(moves.len() + usize::from(!moves.is_empty())),
        height(keys.len()),
    ])
    .areas(area);
    let more = scrolled(frame, main, &lines(&body, &style), &mut screen.back, over);
    let status = if more { format!("{status}   PageUp, PageDown: more") } else { status };
    frame.render_widget(Line::styled(status, Look::new().add_modifier(Modifier::BOLD)), title);
    frame.render_widget(Paragraph::new(lines(&below, &style)), beliefs);
    if odds > 0 {
        frame.render_widget(line(&game::odds(&session.walk, &style), &style), meter);
    }
    frame.render_widget(Paragraph::new(cursor(&moves, screen.cursor)), list);
    frame.render_widget(Paragraph::new(keys), foot);
    if let Some((said, at)) = &screen.said {
        popup(frame, area, lines(said, &style), *at);
    }
}

/// The newest rows are seen, unless the player scrolls back; an ending is read from its top.
/// Whether something is hidden.
fn scrolled(
    frame: &mut Frame<'_>,
    area: Rect,
    text: &[Line<'_>],
    back: &mut u16,
    top: bool,
) -> bool {
    let hidden = u16::try_from(text.len()).unwrap_or(u16::MAX).saturating_sub(area.height);
    *back = (*back).min(hidden);
    let from = if top { *back } else { hidden - *back };
    frame.render_widget(Paragraph::new(text.to_vec()).scroll((from, 0)), area);
    hidden > 0
}

fn cursor(moves: &[Menu], at: usize) -> Vec<Line<'static>> {
    let look = |index: usize| match index == at {
        true => Look::new().add_modifier(Modifier::REVERSED),
        false => Look::new(),
    };
    let mark = |index: usize| if index == at { ">" } else { " " };
    let moves = moves.iter().enumerate();
    let item = |(index, Menu { key, what }): (usize, &Menu)| {
        Line::styled(format!("{} [{key}] {what} ", mark(index)), look(index))
    };
    moves.map(item).collect()
}

/// A line that is too wide goes on in the next one.
fn folded(line: Line<'_>, width: usize) -> Vec<Line<'_>> {
    if line.width() <= width {
        return vec![line];
    }
    let look = line.spans.first().map(|span| span.style).unwrap_or_default();
    wrap(&line.to_string(), width).into_iter().map(|part| Line::styled(part, look)).collect()
}

fn popup(frame: &mut Frame<'_>, area: Rect, text: Vec<Line<'_>>, at: u16) {
    let inside = usize::from(area.width.saturating_sub(4)).max(1);
    let text: Vec<Line<'_>> = text.into_iter().flat_map(|line| folded(line, inside)).collect();
    let width = text.iter().map(Line::width).max().unwrap_or(0).clamp(40, 200);
    let width = u16::try_from(width + 4).unwrap_or(area.width).min(area.width);
    let height = u16::try_from(text.len() + 2).unwrap_or(area.height).min(area.height);
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    let block = Block::bordered().title_bottom(" any key closes this, a move acts, arrows scroll ");
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(text).scroll((at, 0)).block(block), place);
}

fn lines(texts: &[Text], style: &Style) -> Vec<Line<'static>> {
    texts.iter().map(|text| line(text, style)).collect()
}

fn line(text: &Text, style: &Style) -> Line<'static> {
    let spans =
        text.pieces().map(|(role, text)| Span::styled(text.into_owned(), look(role, style)));
    Line::from(spans.collect::<Vec<_>>())
}

/// As the lines of `check` are coloured; without colours, what is marked by words is enough.
fn look(role: Role, style: &Style) -> Look {
    let plain = Look::new();
    if !style.color {
        return plain;
    }
    match role {
        Role::Plain => plain,
        Role::Strong => plain.add_modifier(Modifier::BOLD),
        Role::Faint => plain.add_modifier(Modifier::DIM),
        Role::Good => plain.fg(Color::Green),
        Role::Bad => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Guilty => plain.add_modifier(Modifier::REVERSED),
        Role::Lost => plain.fg(Color::Red).add_modifier(Modifier::CROSSED_OUT),
        Role::Notice => plain.fg(Color::Yellow),
    }
}
