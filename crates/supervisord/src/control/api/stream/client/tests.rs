//! Clients of the stream on a virtual clock, without a network: what they are told, when, and how little waits for one
//! that does not read.

use std::time::Duration;

use supervisor_core::{Command, EventBatch, ProcessId, ProcessState, Reply};
use supervisor_protocol::api::{Lookup, find};
use tokio::sync::mpsc::Receiver;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;

use super::*;
use crate::boundary::followers::Follower;
use crate::boundary::inbox::{Inbox, Message};
use crate::boundary::snapshot::{SnapshotPublisher, process_snapshot};
use crate::control::api::parameters::Parameters;
use crate::control::listener::Section;
use crate::test_data::process_info;

/// A client, and what it gets its news from.
struct Followed {
    pieces: Receiver<Bytes>,
    publisher: SnapshotPublisher,
    processes: Follower,
    context: Rc<Context>,
    inbox: Inbox,
    _stop: tokio::sync::watch::Sender<bool>,
}

const IDS: [ProcessId; 2] = [ProcessId::new(0, 0), ProcessId::new(1, 0)];

/// Two processes, `cat` and `dog`.
fn followed(query: &str, cursor: Option<&str>) -> Followed {
    let (mut context, stop, inbox) = Context::for_tests();
    let (mut publisher, snapshot) = process_snapshot();
    context.processes = snapshot;
    publish(&mut publisher, &[(0, ProcessState::Running), (1, ProcessState::Running)], true);
    let context = Rc::new(context);
    let Lookup::Found(row, _) = find("/stream", "GET") else { panic!("it is in the table") };
    let mut wanted =
        Wanted::read(&Parameters::read(Some(query), row).ok().unwrap(), &hyper::HeaderMap::new(), &[]).unwrap();
    wanted.cursor = cursor.map(|text| Cursor::parse(&text.replace("BOOT", &format!("{:x}", context.boot()))).unwrap());
    let logs: Vec<StreamedLog> = vec![];
    let section = Section::unguarded("unix_http_server");
    let place =
        (section.streams.take().unwrap(), section.page_streams.take().unwrap(), Rc::clone(&context.page_streams));
    let (sender, pieces) = mpsc::channel(limits::STREAM_PIECES);
    let (processes, process_follower) = FollowedChanges::new();
    let sources = Sources { processes, events: FollowedChanges::new().0, logs: FollowedChanges::new().0 };
    spawn_local(Client::new(Rc::clone(&context), wanted, logs, sender, place).serve(sources));
    Followed { pieces, publisher, processes: process_follower, context, inbox, _stop: stop }
}

fn publish(publisher: &mut SnapshotPublisher, states: &[(usize, ProcessState)], others: bool) {
    let infos = states.iter().map(|(number, state)| {
        let name = ["cat", "dog"][*number];
        (IDS[*number], ProcessInfo { state: *state, ..process_info(name) })
    });
    publisher.begin_change();
    publisher.publish(infos, others.then_some(IDS.into_iter()));
}

impl Followed {
    /// What is sent within this time, as it is.
    async fn text_within(&mut self, time: Duration) -> String {
        let end = Instant::now() + time;
        let mut text = String::new();
        while let Ok(Some(piece)) = timeout(end - Instant::now(), self.pieces.recv()).await {
            text.push_str(std::str::from_utf8(&piece).unwrap());
        }
        text
    }

    /// Names of the frames within this time.
    async fn frames_within(&mut self, time: Duration) -> Vec<String> {
        let text = self.text_within(time).await;
        text.lines().filter_map(|line| line.strip_prefix("event: ")).map(str::to_owned).collect()
    }

    fn change(&mut self, number: usize, state: ProcessState) {
        publish(&mut self.publisher, &[(number, state)], false);
        self.processes.notify();
    }
}

const SHORT: Duration = Duration::from_millis(10);

#[tokio::test(start_paused = true)]
async fn the_first_change_after_quiet_goes_at_once_and_a_storm_is_its_newest_rows() {
    LocalSet::new()
        .run_until(async {
            let mut followed = followed("processes=*", None);
            assert_eq!(followed.frames_within(SHORT).await, ["hello", "table"]);
            // It pauses after each piece.
            assert_eq!(followed.frames_within(limits::STREAM_PAUSE).await, [""; 0]);
            followed.change(0, ProcessState::Exited);
            let text = followed.text_within(SHORT).await;
            assert!(text.contains("EXITED") && !text.contains("dog"), "{text}");
            for _ in 0..100 {
                followed.change(0, ProcessState::Backoff);
                followed.change(1, ProcessState::Stopped);
                followed.change(0, ProcessState::Running);
            }
            assert_eq!(followed.frames_within(SHORT).await, [""; 0]);
            let text = followed.text_within(limits::STREAM_PAUSE).await;
            assert_eq!(text.matches("event: processes").count(), 1, "{text}");
            assert!(text.contains("STOPPED") && text.contains("RUNNING") && !text.contains("BACKOFF"), "{text}");
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn little_waits_for_a_client_that_does_not_read_and_then_it_gets_what_is_true() {
    LocalSet::new()
        .run_until(async {
            let mut followed = followed("processes=cat", None);
            for _ in 0..50 {
                followed.change(0, ProcessState::Backoff);
                tokio::time::sleep(limits::STREAM_PAUSE * 2).await;
            }
            assert!(followed.pieces.len() <= limits::STREAM_PIECES);
            followed.change(0, ProcessState::Fatal);
            let text = followed.text_within(Duration::from_secs(1)).await;
            let last = text.rsplit("event: ").next().unwrap();
            assert!(last.contains("FATAL"), "{text}");
            // A table in three parts, and changes.
            assert!(text.matches("event: ").count() <= 3 + limits::STREAM_PIECES, "{text}");
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_again_gets_what_has_changed_and_of_another_boot_everything() {
    LocalSet::new()
        .run_until(async {
            // The version of the only publication; whoever has no version has nothing.
            let mut same = followed("processes=*", Some("BOOT.1.0"));
            assert_eq!(same.frames_within(SHORT).await, ["hello"]);
            same.change(1, ProcessState::Fatal);
            let text = same.text_within(limits::STREAM_PAUSE * 2).await;
            assert!(text.contains(".2.0\nevent: processes") && !text.contains("cat"), "{text}");
            let mut nothing = followed("processes=*", Some("BOOT.0.0"));
            assert_eq!(nothing.frames_within(SHORT).await, ["hello", "table"]);
            let mut other = followed("processes=*", Some("1.1.0"));
            assert_eq!(other.frames_within(SHORT).await, ["hello", "table"]);
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_by_a_sign_of_life_with_the_place() {
    LocalSet::new()
        .run_until(async {
            let mut followed = followed("processes=*", None);
            followed.text_within(SHORT).await;
            let text = followed.text_within(limits::EVENT_STREAM_HEARTBEAT * 3).await;
            let expected = format!(": nothing new\nid: {:x}.1.0\n\n", followed.context.boot());
            assert_eq!(text, expected.repeat(3));
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_measured_unless_it_is_asked_for_and_nobody_is_counted_who_has_gone() {
    LocalSet::new()
        .run_until(async {
            let streams = |context: &Context| context.followers()[2];
            let mut quiet = followed("processes=*", None);
            quiet.text_within(limits::SAMPLE_PAUSE * 3).await;
            assert!(quiet.context.sampler.next_round(Duration::ZERO).is_none());
            let mut looking = followed("processes=*&samples=2", None);
            let text = looking.text_within(limits::SAMPLE_PAUSE * 3 + SHORT).await;
            assert_eq!(text.matches("event: sample").count(), 4, "{text}");
            assert_eq!(streams(&looking.context), ("stream", 1));
            looking.pieces.close();
            while streams(&looking.context).1 > 0 {
                tokio::time::sleep(SHORT).await;
            }
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn the_end_of_supervisord_is_the_last_frame() {
    LocalSet::new()
        .run_until(async {
            let mut followed = followed("events=TICK", None);
            let ended = EventBatch { position: 10, newest: 10, is_ended: true, ..EventBatch::default() };
            let reply = loop {
                match followed.inbox.try_recv() {
                    Some(Message::Request { command: Command::ReadEvents { after: None }, reply }) => break reply,
                    Some(other) => panic!("{other:?}"),
                    None => tokio::task::yield_now().await,
                }
            };
            reply.send(Ok(Reply::Events(Box::new(ended))));
            let text = followed.text_within(SHORT).await;
            assert!(text.ends_with("event: bye\ndata: {\"reason\": \"shutdown\"}\n\n"), "{text}");
            assert!(followed.pieces.recv().await.is_none());
        })
        .await;
}
