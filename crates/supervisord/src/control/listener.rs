//! Accepting connections of one server section, as many as its [`Capacity`] allows.
//!
//! When there are that many, the one that has been idle for longest makes room; so idle or slow connections, wanted
//! or hostile, never lock out the next client (architecture study, risk 18).

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsRawFd, RawFd};
use std::rc::Rc;
use std::sync::Arc;

use supervisor_config::{HttpServerAddress, WebConfig};
use supervisor_core::LogLevel;
use tokio::io::{AsyncRead, AsyncWrite, Interest};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet, spawn_local};
use tokio::time::{Instant, sleep, timeout};

use super::audience::{Audience, Visitor};
use super::capacity::Capacity;
use super::connection::{Connection, Peer};
use super::context::Context;
use super::host_names::HostNames;
use super::kept_socket::{KeptSocket, keep};
use super::limits;
use super::origin::AllowedHost;
use super::password::Password;
use super::places::Places;
use super::settings::{BoundListener, BoundServer, SocketKeeper};
use super::shared_socket::{SharedSocket, shared_socket};
use super::timed_stream::Activity;
use super::tls::Certificate;

/// A listening socket in the runtime's care, with what its section demands of clients.
pub(super) struct Listener {
    socket: Socket,
    section: Section,
    keeper: Option<SocketKeeper>,
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
    /// Its pages.
    pub(super) web: WebConfig,
    /// `host:port` where it listens, for clients that do not say how they have called it.
    pub(super) own_authority: String,
    /// With what it speaks HTTPS; `None`: it speaks HTTP.
    pub(super) certificate: Option<Arc<Certificate>>,
    /// How many clients it may have.
    pub(super) capacity: Capacity,
    /// By which it knows its connections among all.
    pub(super) number: usize,
    /// Places for clients that follow logs or events.
    pub(super) streams: Places,
    /// Places among those for clients that follow events.
    pub(super) event_streams: Places,
    /// Places among those for pages.
    pub(super) page_streams: Places,
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
            web: WebConfig::default(),
            own_authority: "localhost".to_owned(),
            certificate: None,
            capacity: Capacity::of(u64::MAX, 1),
            number: 0,
            streams: Places::new(limits::CONNECTIONS / 2),
            event_streams: Places::new(limits::EVENT_STREAMS),
            page_streams: Places::new(limits::STREAMS),
        }
    }

    /// Whether clients have to show who they are, which costs something to judge.
    pub(super) fn asks_for_credentials(&self) -> bool {
        self.username.as_deref().is_some_and(|username| !username.is_empty())
    }
}

enum Socket {
    Tcp(SharedSocket<TcpListener>),
    Unix(KeptSocket),
}

impl Listener {
    /// One of several, which number it has among them and how many clients it may have. To be called within the
    /// runtime.
    pub(super) fn new(server: BoundServer, number: usize, capacity: Capacity) -> io::Result<Self> {
        let BoundServer {
            listener,
            address,
            section,
            username,
            password,
            own_host,
            mut allowed_hosts,
            web,
            open_door,
            tls,
            keeper,
            logins,
        } = server;
        let audience = open_door.map_or(Audience::Everybody, |refusal| Audience::ThisMachine { refusal });
        // Whose address this is has been said.
        allowed_hosts.extend(web.base_url.as_ref().map(|base| base.authority.clone()));
        let allowed_hosts: Vec<_> = allowed_hosts.iter().filter_map(|host| AllowedHost::parse(host)).collect();
        let host_names = match &listener {
            BoundListener::Tcp(_) => {
                let named = allowed_hosts.iter().map(|host| host.name().to_owned());
                Some(HostNames::of_this_machine(own_host.into_iter().chain(named)))
            }
            BoundListener::Unix(_) => None,
        };
        let user = username.as_deref().unwrap_or_default();
        let password = password.as_deref().map(|text| Password::remembered(text, user, &logins));
        let password = password.transpose().map_err(io::Error::other)?;
        let certificate = tls.map(|tls| Arc::new(Certificate::new(section.clone(), tls)));
        let socket = match listener {
            BoundListener::Tcp(socket) => {
                socket.set_nonblocking(true)?;
                Socket::Tcp(shared_socket(socket)?)
            }
            BoundListener::Unix(socket) => Socket::Unix(KeptSocket::new(socket)?),
        };
        let streams = Places::new(capacity.streams);
        let unguarded = Section { capacity, number, streams, ..Section::unguarded(&section) };
        let own_authority = authority(&address);
        let guarded = Section { audience, username, password, host_names, allowed_hosts, certificate, ..unguarded };
        let section = Section { web, own_authority, ..guarded };
        Ok(Self { socket, section, keeper })
    }

    /// What is to be read anew now and then.
    pub(super) fn certificate(&self) -> Option<Arc<Certificate>> {
        self.section.certificate.clone()
    }
}

/// Where a server is to be found by name, as far as that is known here.
fn authority(address: &HttpServerAddress) -> String {
    match address {
        HttpServerAddress::Inet { host, port } => {
            let host = match host.as_str() {
                "" => nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()),
                host => Ok(host.to_owned()),
            };
            format!("{}:{port}", host.unwrap_or_else(|_| "localhost".to_owned()))
        }
        HttpServerAddress::Unix { .. } => "localhost".to_owned(),
    }
}

/// Serves a listener until the control plane stops. Should a defect end it, it begins anew: the way in for whoever
/// could mend things stays open.
pub(super) async fn serve(listener: Listener, context: Rc<Context>) {
    let Listener { socket, section, keeper } = listener;
    let (socket, section) = (Rc::new(socket), Rc::new(section));
    let keeping = keeper.map(|keeper| {
        let (socket, section, context) = (Rc::clone(&socket), Rc::clone(&section), Rc::clone(&context));
        spawn_local(async move {
            if let Socket::Unix(socket) = &*socket {
                keep(&keeper, socket, &section.name, &context).await;
            }
        })
    });
    while let Err(defect) = spawn_local(serve_once(Rc::clone(&socket), Rc::clone(&section), Rc::clone(&context))).await
    {
        let section = &section.name;
        context.log(LogLevel::Critical, || format!("{section} begins anew after a defect: {defect}"));
    }
    if let Some(keeping) = keeping {
        keeping.abort();
    }
}

/// Serves until the control plane stops, then finishes the answers on their way.
async fn serve_once(socket: Rc<Socket>, section: Rc<Section>, context: Rc<Context>) {
    let mut guests = Guests::new(Rc::clone(&context), Rc::clone(&section));
    let mut stopped = context.stopped.clone();
    tokio::select! {
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = accept_forever(&socket, &section, &context, &mut guests) => {}
    }
    if timeout(limits::STOP_GRACE, guests.leave()).await.is_err() {
        let section = &section.name;
        context.log(LogLevel::Warn, || format!("connections of {section} were cut off while supervisord stopped"));
    }
}

async fn accept_forever(socket: &Socket, section: &Section, context: &Context, guests: &mut Guests) {
    let mut trouble = Trouble::default();
    loop {
        match socket.accept().await {
            Ok(newcomer) => {
                guests.make_room().await;
                if section.capacity.is_beyond(&newcomer) && !guests.may_have_one_of_the_last().await {
                    trouble.is_told(section, context, "turns clients away: the last file descriptors are for programs");
                    continue;
                }
                guests.admit(newcomer);
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                trouble.is_told(section, context, &format!("cannot accept a connection: {error}"));
                // Most likely we are out of file descriptors: an idle connection gives one back. Without one there is
                // nothing to do but to wait.
                if !context.crowd.give_back_a_descriptor(limits::ACCEPT_PAUSE).await {
                    sleep(limits::ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// What keeps clients out, told once until there has been none for a while: a client that gets in between others shows
/// nothing, and strangers can make many of each.
#[derive(Default)]
struct Trouble {
    seen: Option<Instant>,
}

impl Trouble {
    fn is_told(&mut self, section: &Section, context: &Context, what: &str) {
        let before = self.seen.replace(Instant::now());
        if before.is_none_or(|before| before.elapsed() > limits::ACCEPT_TROUBLE_QUIET) {
            let section = &section.name;
            context.log(LogLevel::Error, || format!("{section} {what}"));
        }
    }
}

/// A client that was accepted.
enum Newcomer {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

impl AsRawFd for Newcomer {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::Tcp(stream, _) => stream.as_raw_fd(),
            Self::Unix(stream) => stream.as_raw_fd(),
        }
    }
}

impl Socket {
    async fn accept(&self) -> io::Result<Newcomer> {
        match self {
            Self::Tcp(socket) => {
                let (stream, address) = socket.async_io(Interest::READABLE, |socket| socket.accept()).await?;
                stream.set_nonblocking(true)?;
                let stream = TcpStream::from_std(stream)?;
                // An answer is one write: waiting to fill a segment would only add a delayed acknowledgement's 40 ms.
                // A client for whom this fails is gone, which is seen when it is read from.
                drop(stream.set_nodelay(true));
                Ok(Newcomer::Tcp(stream, plain(address)))
            }
            Self::Unix(socket) => socket.accept().await.map(Newcomer::Unix),
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
struct Guests {
    context: Rc<Context>,
    section: Rc<Section>,
    tasks: JoinSet<()>,
    became_idle: Rc<Notify>,
}

impl Guests {
    fn new(context: Rc<Context>, section: Rc<Section>) -> Self {
        Self { context, section, tasks: JoinSet::new(), became_idle: Rc::default() }
    }

    fn admit(&mut self, newcomer: Newcomer) {
        match newcomer {
            Newcomer::Tcp(stream, address) => {
                let visitor = self.section.audience.visitor(&stream);
                self.serve(stream, Peer::Tcp(address), visitor);
            }
            Newcomer::Unix(stream) => self.serve(stream, Peer::Unix, Visitor::Welcome),
        }
    }

    fn serve(&mut self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static, peer: Peer, visitor: Visitor) {
        let activity = Rc::new(Activity::new(Rc::clone(&self.became_idle)));
        let leave = Rc::new(Notify::new());
        let membership = self.context.crowd.join(self.section.number, Rc::clone(&activity), Rc::clone(&leave));
        let (section, context) = (Rc::clone(&self.section), Rc::clone(&self.context));
        let acceptor = section.certificate.as_ref().map(|certificate| certificate.acceptor());
        let connection = Connection { peer, visitor, section, context, activity, leave };
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
        while self.tasks.len() >= self.section.capacity.connections {
            // If none is idle, the next one that becomes so is.
            self.context.crowd.dismiss_of(self.section.number);
            tokio::select! {
                Some(ended) = self.tasks.join_next() => self.report(ended),
                () = self.became_idle.notified() => {}
            }
        }
    }

    /// Whether a newcomer may stay, who has one of the last descriptors: when another one leaves for it, or when this
    /// listener has hardly any other.
    async fn may_have_one_of_the_last(&self) -> bool {
        self.context.crowd.give_back_a_descriptor(limits::ACCEPT_PAUSE).await
            || self.tasks.len() < limits::LAST_CONNECTIONS
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
