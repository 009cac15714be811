//! Accepting connections of one server section, as many as `limits::CONNECTIONS` allows.
//!
//! When there are that many, the one that has been idle for longest makes room; so idle or slow connections, wanted
//! or hostile, never lock out the next client (architecture study, risk 18).

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;

use supervisor_core::LogLevel;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet, spawn_local};
use tokio::time::{sleep, timeout};

use super::audience::{Audience, Visitor};
use super::connection::{Connection, Peer};
use super::context::Context;
use super::host_names::HostNames;
use super::limits;
use super::origin::AllowedHost;
use super::password::Password;
use super::places::Places;
use super::settings::{BoundListener, BoundServer};
use super::timed_stream::Activity;
use super::tls::Certificate;

/// A listening socket in the runtime's care, with what its section demands of clients.
pub(super) struct Listener {
    socket: Socket,
    section: Section,
}

/// What a server section demands of clients.
pub(super) struct Section {
    pub(super) name: String,
    /// Whom it answers at all.
    pub(super) audience: Audience,
    pub(super) username: Option<String>,
    pub(super) password: Option<Password>,
    /// Under which names browsers may speak to it; `None`: they cannot reach it.
    pub(super) host_names: Option<HostNames>,
    /// Whose pages are its own though it is not called so: it stands behind a proxy.
    pub(super) allowed_hosts: Vec<AllowedHost>,
    /// With what it speaks HTTPS; `None`: it speaks HTTP.
    pub(super) certificate: Option<Arc<Certificate>>,
    /// Places for clients that follow logs or events.
    pub(super) streams: Places,
    /// Places among those for clients that follow events.
    pub(super) event_streams: Places,
}

impl Section {
    /// One that admits everybody over HTTP and looks at no host names.
    pub(super) fn unguarded(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            audience: Audience::Everybody,
            username: None,
            password: None,
            host_names: None,
            allowed_hosts: vec![],
            certificate: None,
            streams: Places::new(limits::STREAMS),
            event_streams: Places::new(limits::EVENT_STREAMS),
        }
    }

    /// Whether clients have to show who they are, which costs something to judge.
    pub(super) fn asks_for_credentials(&self) -> bool {
        self.username.as_deref().is_some_and(|username| !username.is_empty())
    }
}

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    /// To be called within the runtime.
    pub(super) fn new(server: BoundServer) -> io::Result<Self> {
        let BoundServer { listener, section, username, password, own_host, allowed_hosts, open_door, tls } = server;
        let audience = open_door.map_or(Audience::Everybody, |refusal| Audience::ThisMachine { refusal });
        let allowed_hosts: Vec<_> = allowed_hosts.iter().filter_map(|host| AllowedHost::parse(host)).collect();
        let host_names = match &listener {
            BoundListener::Tcp(_) => {
                let named = allowed_hosts.iter().map(|host| host.name().to_owned());
                Some(HostNames::of_this_machine(own_host.into_iter().chain(named)))
            }
            BoundListener::Unix(_) => None,
        };
        let password = password.as_deref().map(Password::parse).transpose().map_err(io::Error::other)?;
        let certificate = tls.map(|tls| Arc::new(Certificate::new(section.clone(), tls)));
        let socket = match listener {
            BoundListener::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                Socket::Tcp(TcpListener::from_std(socket)?)
            }
            BoundListener::Unix(socket) => {
                socket.set_nonblocking(true)?;
                Socket::Unix(UnixListener::from_std(socket)?)
            }
        };
        let unguarded = Section::unguarded(&section);
        let section = Section { audience, username, password, host_names, allowed_hosts, certificate, ..unguarded };
        Ok(Self { socket, section })
    }

    /// What is to be read anew now and then.
    pub(super) fn certificate(&self) -> Option<Arc<Certificate>> {
        self.section.certificate.clone()
    }
}

/// Serves a listener until the control plane stops. Should a defect end it, it begins anew: the way in for whoever
/// could mend things stays open.
pub(super) async fn serve(listener: Listener, context: Rc<Context>) {
    let Listener { socket, section } = listener;
    let (socket, section) = (Rc::new(socket), Rc::new(section));
    while let Err(defect) = spawn_local(serve_once(Rc::clone(&socket), Rc::clone(&section), Rc::clone(&context))).await
    {
        let section = &section.name;
        context.log(LogLevel::Critical, || format!("{section} begins anew after a defect: {defect}"));
    }
}

/// Serves until the control plane stops, then finishes the answers on their way.
async fn serve_once(socket: Rc<Socket>, section: Rc<Section>, context: Rc<Context>) {
    let mut crowd = Crowd::new(Rc::clone(&context));
    let mut stopped = context.stopped.clone();
    tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = accept_forever(&socket, &section, &context, &mut crowd) => {}
    }
    if timeout(limits::STOP_GRACE, crowd.leave()).await.is_err() {
        let section = &section.name;
        context.log(LogLevel::Warn, || format!("connections of {section} were cut off while supervisord stopped"));
    }
}

async fn accept_forever(socket: &Socket, section: &Rc<Section>, context: &Rc<Context>, crowd: &mut Crowd) {
    let mut failing = false;
    loop {
        match socket.accept().await {
            Ok(newcomer) => {
                failing = false;
                crowd.make_room().await;
                crowd.admit(newcomer, section, context);
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                if !failing {
                    let section = &section.name;
                    context.log(LogLevel::Error, || format!("{section} cannot accept a connection: {error}"));
                }
                failing = true;
                // Most likely we are out of file descriptors: an idle connection gives one back. Without one there is
                // nothing to do but to wait.
                if !crowd.give_back_a_descriptor().await {
                    sleep(limits::ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// A client that was accepted.
enum Newcomer {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

impl Socket {
    async fn accept(&self) -> io::Result<Newcomer> {
        match self {
            Self::Tcp(socket) => {
                let (stream, address) = socket.accept().await?;
                // An answer is one write: waiting to fill a segment would only add a delayed acknowledgement's 40 ms.
                // A client for whom this fails is gone, which is seen when it is read from.
                drop(stream.set_nodelay(true));
                Ok(Newcomer::Tcp(stream, plain(address)))
            }
            Self::Unix(socket) => socket.accept().await.map(|(stream, _)| Newcomer::Unix(stream)),
        }
    }
}

/// An IPv4 client of a dual-stack socket is shown as IPv4.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Whether only this one client is concerned, who is gone already.
fn is_the_clients(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

/// The connections of one listener.
struct Crowd {
    context: Rc<Context>,
    tasks: JoinSet<()>,
    members: Rc<RefCell<Vec<Member>>>,
    became_idle: Rc<Notify>,
}

/// One connection, as its listener sees it.
struct Member {
    activity: Rc<Activity>,
    /// Tells the connection to make room.
    leave: Rc<Notify>,
}

impl Crowd {
    fn new(context: Rc<Context>) -> Self {
        Self { context, tasks: JoinSet::new(), members: Rc::default(), became_idle: Rc::default() }
    }

    fn admit(&mut self, newcomer: Newcomer, section: &Rc<Section>, context: &Rc<Context>) {
        match newcomer {
            Newcomer::Tcp(stream, address) => {
                let visitor = section.audience.visitor(&stream);
                self.serve(stream, Peer::Tcp(address), visitor, section, context);
            }
            Newcomer::Unix(stream) => self.serve(stream, Peer::Unix, Visitor::Welcome, section, context),
        }
    }

    fn serve(
        &mut self,
        stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
        peer: Peer,
        visitor: Visitor,
        section: &Rc<Section>,
        context: &Rc<Context>,
    ) {
        let activity = Rc::new(Activity::new(Rc::clone(&self.became_idle)));
        let leave = Rc::new(Notify::new());
        self.members.borrow_mut().push(Member { activity: Rc::clone(&activity), leave: Rc::clone(&leave) });
        let connection = Connection {
            peer,
            visitor,
            section: Rc::clone(section),
            context: Rc::clone(context),
            activity: Rc::clone(&activity),
            leave,
        };
        let acceptor = section.certificate.as_ref().map(|certificate| certificate.acceptor());
        let membership = Membership { members: Rc::clone(&self.members), activity };
        self.tasks.spawn_local(async move {
            let _membership = membership;
            match acceptor {
                None => connection.serve(stream).await,
                Some(acceptor) => connection.serve_encrypted(stream, acceptor).await,
            }
        });
    }

    /// Returns when one more connection may come in.
    async fn make_room(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            self.report(ended);
        }
        while self.tasks.len() >= limits::CONNECTIONS {
            // If none is idle, the next one that becomes so is.
            self.close_the_longest_idle();
            tokio::select! {
                Some(ended) = self.tasks.join_next() => self.report(ended),
                () = self.became_idle.notified() => {}
            }
        }
    }

    /// Closes an idle connection, if there is one, and returns when some connection has ended.
    async fn give_back_a_descriptor(&mut self) -> bool {
        if !self.close_the_longest_idle() {
            return false;
        }
        match timeout(limits::ACCEPT_PAUSE, self.tasks.join_next()).await {
            Ok(Some(ended)) => self.report(ended),
            Ok(None) | Err(_) => return false,
        }
        true
    }

    /// False when none is idle.
    fn close_the_longest_idle(&self) -> bool {
        let members = self.members.borrow();
        let idle = members.iter().filter_map(|member| Some((member.activity.idle_since()?, member)));
        match idle.min_by_key(|(since, _)| *since) {
            Some((_, member)) => {
                member.leave.notify_one();
                true
            }
            None => false,
        }
    }

    /// Returns when all connections have ended; they know that the control plane stops.
    async fn leave(mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            self.report(ended);
        }
    }

    fn report(&self, ended: Result<(), JoinError>) {
        if let Err(error) = ended
            && error.is_panic()
        {
            self.context.log(LogLevel::Critical, || format!("a control connection ended by a defect: {error}"));
        }
    }
}

/// Takes a connection off the list when its task ends, however it ends.
struct Membership {
    members: Rc<RefCell<Vec<Member>>>,
    activity: Rc<Activity>,
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.members.borrow_mut().retain(|member| !Rc::ptr_eq(&member.activity, &self.activity));
    }
}
