//! Descriptors that are open and have no number: on their way through a socket, from us to us (unix(7), SCM_RIGHTS).
//! For what is seldom needed, where numbers are few.
//!
//! Invariant: nothing on the shelf is lost for lack of a number. What lies there is copied first and removed then; who
//! finds no number leaves it where it is. With the socket, also by our death, all of it is closed.
//!
//! The socket is connected to itself, so that it costs one number and takes from nobody else.
#![expect(unsafe_code, reason = "owns descriptors that recvmsg(2) has made")]

use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixAddr, bind, connect,
    getsockname, recv, recvmsg, sendmsg, socket,
};

use crate::limits::SHELVED_DESCRIPTORS;

/// The shelf.
#[derive(Debug)]
pub struct Shelf {
    socket: OwnedFd,
    /// What lies there, in its order; `None`: nobody wants it any more.
    order: VecDeque<Option<Shelved>>,
    next: u64,
}

/// What was laid aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shelved(u64);

impl Shelf {
    /// An empty one. It takes one descriptor.
    ///
    /// # Errors
    /// As socket(2), bind(2) and connect(2); EACCES or EPERM where a sandbox has no unix sockets.
    pub fn new() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Unix, SockType::Datagram, flags, None)?;
        // The kernel gives it a name that is free. Nobody else can send there: it hears only itself.
        bind(socket.as_raw_fd(), &UnixAddr::new_unnamed())?;
        connect(socket.as_raw_fd(), &getsockname::<UnixAddr>(socket.as_raw_fd())?)?;
        Ok(Self { socket, order: VecDeque::new(), next: 0 })
    }

    /// Lays a descriptor aside; its number is free then. Back it comes where there is no room: there are
    /// [`SHELVED_DESCRIPTORS`], or the kernel takes no more of this user's.
    pub fn lay_aside(&mut self, fd: OwnedFd) -> Result<Shelved, OwnedFd> {
        // To look through one that is full of what is wanted would cost each who asks, and there may be many.
        if self.order.len() >= SHELVED_DESCRIPTORS && self.order.contains(&None) {
            self.clear_up();
        }
        if self.order.len() >= SHELVED_DESCRIPTORS || self.send(&fd).is_err() {
            return Err(fd);
        }
        let shelved = Shelved(self.next);
        self.next += 1;
        self.order.push_back(Some(shelved));
        Ok(shelved)
    }

    /// Takes something back, under a new number.
    ///
    /// # Errors
    /// EMFILE, ENFILE: there is none; it stays where it is. ENOENT: it is not there.
    pub fn take(&mut self, shelved: Shelved) -> io::Result<OwnedFd> {
        if !self.order.contains(&Some(shelved)) {
            return Err(Errno::ENOENT.into());
        }
        while self.order.front() != Some(&Some(shelved)) {
            self.turn()?;
        }
        let fd = self.copy_first()?;
        self.drop_first();
        Ok(fd)
    }

    /// Closes something, now or when it is the first in line.
    pub fn discard(&mut self, shelved: Shelved) {
        for place in self.order.iter_mut().filter(|place| **place == Some(shelved)) {
            *place = None;
        }
        self.drop_unwanted();
    }

    /// Removes what nobody wants, as far as there are numbers to do so.
    fn clear_up(&mut self) {
        for _ in 0..self.order.len() {
            self.drop_unwanted();
            if self.turn().is_err() {
                return;
            }
        }
        self.drop_unwanted();
    }

    fn drop_unwanted(&mut self) {
        while self.order.front() == Some(&None) {
            self.drop_first();
        }
    }

    /// Puts the first in line behind the last, or away if nobody wants it.
    fn turn(&mut self) -> io::Result<()> {
        let Some(first) = self.order.front().copied() else { return Ok(()) };
        if first.is_some() {
            let copy = self.copy_first()?;
            self.send(&copy)?;
            self.order.push_back(first);
        }
        self.drop_first();
        Ok(())
    }

    fn send(&self, fd: &OwnedFd) -> io::Result<()> {
        let fds = [fd.as_raw_fd()];
        let rights = [ControlMessage::ScmRights(&fds)];
        sendmsg::<()>(self.socket.as_raw_fd(), &[IoSlice::new(b".")], &rights, MsgFlags::MSG_NOSIGNAL, None)?;
        Ok(())
    }

    /// The first in line, which stays.
    fn copy_first(&self) -> io::Result<OwnedFd> {
        let (mut byte, mut space) = ([0], cmsg_space!([std::os::fd::RawFd; 1]));
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_CMSG_CLOEXEC;
        let mut pieces = [IoSliceMut::new(&mut byte)];
        let message = recvmsg::<()>(self.socket.as_fd().as_raw_fd(), &mut pieces, Some(&mut space), flags)?;
        // Without a number the kernel leaves it out, and says no more than that (unix(7), MSG_CTRUNC).
        let messages = message.cmsgs().map_err(|_| Errno::EMFILE)?;
        let copies = messages.filter_map(|message| match message {
            ControlMessageOwned::ScmRights(fds) => Some(fds),
            _ => None,
        });
        let copy = copies.flatten().next().ok_or(Errno::EMFILE)?;
        // SAFETY: recvmsg(2) has just made it, so nobody else owns it.
        Ok(unsafe { OwnedFd::from_raw_fd(copy) })
    }

    /// Without room for it, a descriptor is closed on arrival, and needs no number.
    fn drop_first(&mut self) {
        let received = recv(self.socket.as_raw_fd(), &mut [0], MsgFlags::empty());
        debug_assert_eq!(received, Ok(1), "the order has as many as the socket");
        self.order.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::{Read, Write};

    /// A pipe whose writer lies on the shelf.
    fn laid_aside(shelf: &mut Shelf) -> (File, Shelved) {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        (File::from(reader), shelf.lay_aside(writer).unwrap())
    }

    fn ends(mut reader: File) -> bool {
        crate::pipe::set_nonblocking(reader.as_fd()).unwrap();
        matches!(reader.read(&mut [0]), Ok(0))
    }

    fn open_descriptors() -> usize {
        std::fs::read_dir("/proc/self/fd").unwrap().count()
    }

    #[test]
    fn what_is_laid_aside_stays_open_has_no_number_and_comes_back_in_any_order() {
        let mut shelf = Shelf::new().unwrap();
        let before = open_descriptors();
        let pipes: Vec<_> = (0..20).map(|_| laid_aside(&mut shelf)).collect();
        assert_eq!(open_descriptors(), before + 20, "the readers alone");
        for (place, (mut reader, shelved)) in pipes.into_iter().enumerate().rev() {
            let mut writer = File::from(shelf.take(shelved).unwrap());
            writer.write_all(&[u8::try_from(place).unwrap()]).unwrap();
            drop(writer);
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            assert_eq!(read, [u8::try_from(place).unwrap()]);
            assert_eq!(shelf.take(shelved).unwrap_err().raw_os_error(), Some(libc::ENOENT));
        }
        assert_eq!(open_descriptors(), before);
    }

    #[test]
    fn what_is_discarded_is_closed_and_its_place_is_used_again() {
        let mut shelf = Shelf::new().unwrap();
        let (first_reader, first) = laid_aside(&mut shelf);
        for round in 0..5 * SHELVED_DESCRIPTORS {
            let (reader, shelved) = laid_aside(&mut shelf);
            shelf.discard(shelved);
            // Those behind one that is wanted wait until there is no room.
            assert!(shelf.order.len() <= SHELVED_DESCRIPTORS, "{round}");
            drop(reader);
        }
        shelf.discard(first);
        assert!(ends(first_reader));
        assert_eq!(shelf.order.len(), 0);
    }

    #[test]
    fn a_full_shelf_gives_back_what_it_cannot_take() {
        let mut shelf = Shelf::new().unwrap();
        let pipes: Vec<_> = (0..SHELVED_DESCRIPTORS).map(|_| laid_aside(&mut shelf)).collect();
        let (reader, writer) = nix::unistd::pipe().unwrap();
        let writer = shelf.lay_aside(writer).unwrap_err();
        drop(writer);
        assert!(ends(File::from(reader)));
        drop(shelf);
        assert!(pipes.into_iter().all(|(reader, _)| ends(reader)), "the shelf has closed them");
    }
}
