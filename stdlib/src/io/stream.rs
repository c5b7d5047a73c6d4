//! A buffered file, with the behaviour of C's `FILE`: one buffer in each direction, three ways of
//! buffering output, an end-of-file mark that holds until the next operation, and errors as errno.
//!
//! Reading after writing writes out what is buffered; writing after reading first goes back to where
//! the reader is. So a script sees one position, as in C.

use std::fs::File;
use std::io::IsTerminal;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, ExitStatus};

use super::wake;
use rustix::fs::SeekFrom;
use rustix::io::{Errno, retry_on_intr};

/// What operations on streams give.
pub(crate) type Outcome<T> = core::result::Result<T, Errno>;

/// Size of the buffers unless `setvbuf` says otherwise.
pub(crate) const BUFFER: usize = 16 * 1024;

/// Most that is buffered, whatever `setvbuf` says.
const LARGEST: usize = 1 << 20;

/// When output leaves the buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Buffering {
    /// At once.
    None,
    /// When a line ends, or the buffer is full.
    Line,
    /// When the buffer is full.
    Full,
}

#[derive(Debug)]
enum Descriptor {
    Owned(OwnedFd),
    Standard(BorrowedFd<'static>),
}

impl Descriptor {
    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Descriptor::Owned(fd) => fd.as_fd(),
            Descriptor::Standard(fd) => *fd,
        }
    }
}

/// Where the line that `read_line` found is.
#[derive(Debug)]
pub(crate) enum Line {
    /// In the input buffer: see `Stream::buffered`.
    Buffered(Range<usize>),
    /// In `Stream::take_spilled`, because it was longer than what was buffered.
    Spilled,
    /// There is none.
    End,
}

/// An open file, pipe or terminal.
#[derive(Debug)]
pub(crate) struct Stream {
    descriptor: Descriptor,
    child: Option<Child>,
    /// Whether reading may wait, once that was asked.
    waits: Option<bool>,
    readable: bool,
    writable: bool,
    input: Vec<u8>,
    unread: Range<usize>,
    spilled: Vec<u8>,
    at_end: bool,
    output: Vec<u8>,
    buffering: Buffering,
    capacity: usize,
}

impl Stream {
    fn new(descriptor: Descriptor, readable: bool, writable: bool) -> Self {
        Stream {
            descriptor,
            child: None,
            waits: None,
            readable,
            writable,
            input: Vec::new(),
            unread: 0..0,
            spilled: Vec::new(),
            at_end: false,
            output: Vec::new(),
            buffering: Buffering::Full,
            capacity: BUFFER,
        }
    }

    /// An open file; terminals are buffered by line.
    pub(crate) fn file(file: File, readable: bool, writable: bool) -> Self {
        let terminal = file.is_terminal();
        let mut stream = Stream::new(Descriptor::Owned(file.into()), readable, writable);
        if terminal {
            stream.buffering = Buffering::Line;
        }
        stream
    }

    /// The pipe to or from a child process, which ends with the stream.
    pub(crate) fn pipe(mut child: Child) -> Option<Self> {
        let (fd, readable) = match (child.stdout.take(), child.stdin.take()) {
            (Some(out), _) => (OwnedFd::from(out), true),
            (None, Some(into)) => (OwnedFd::from(into), false),
            (None, None) => return None,
        };
        let mut stream = Stream::new(Descriptor::Owned(fd), readable, !readable);
        stream.child = Some(child);
        Some(stream)
    }

    /// Standard input.
    pub(crate) fn stdin() -> Self {
        Stream::new(Descriptor::Standard(rustix::stdio::stdin()), true, false)
    }

    /// Standard output: by line on a terminal, else in blocks.
    pub(crate) fn stdout() -> Self {
        let mut stream = Stream::new(Descriptor::Standard(rustix::stdio::stdout()), false, true);
        if std::io::stdout().is_terminal() {
            stream.buffering = Buffering::Line;
        }
        stream
    }

    /// Standard error, unbuffered.
    pub(crate) fn stderr() -> Self {
        let mut stream = Stream::new(Descriptor::Standard(rustix::stdio::stderr()), false, true);
        stream.buffering = Buffering::None;
        stream
    }

    /// What the system knows it by.
    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.descriptor.fd()
    }

    /// Whether a person may be waiting at the other end for a prompt that ends without a newline.
    pub(crate) fn is_line_buffered(&self) -> bool {
        self.buffering == Buffering::Line
    }

    // Input.

    /// Forgets the end of file: the file may have grown since.
    pub(crate) fn clear_end(&mut self) {
        self.at_end = false;
    }

    /// Reads into the empty input buffer; false at the end of the file.
    fn fill(&mut self) -> Outcome<bool> {
        if !self.readable {
            return Err(Errno::BADF);
        }
        if self.at_end {
            return Ok(false);
        }
        self.flush()?;
        if self.input.is_empty() {
            self.input = vec![0; BUFFER];
        }
        let fd = self.descriptor.fd();
        let count = read(fd, &mut self.waits, &mut self.input)?;
        self.unread = 0..count;
        self.at_end = count == 0;
        Ok(count > 0)
    }

    /// What is buffered and not yet read, after reading some if there was nothing; empty only at the
    /// end of the file.
    fn available(&mut self) -> Outcome<&[u8]> {
        if self.unread.is_empty() {
            self.fill()?;
        }
        Ok(&self.input[self.unread.clone()])
    }

    /// The next byte, which stays unread.
    pub(crate) fn peek(&mut self) -> Outcome<Option<u8>> {
        Ok(self.available()?.first().copied())
    }

    /// Takes the byte that `peek` showed.
    pub(crate) fn skip(&mut self) {
        if !self.unread.is_empty() {
            self.unread.start += 1;
        }
    }

    /// Appends up to `limit` bytes, as many as one read gives; the count is zero only at the end.
    pub(crate) fn read_some(&mut self, limit: usize, to: &mut Vec<u8>) -> Outcome<usize> {
        if self.unread.is_empty() && limit >= BUFFER {
            return self.read_directly(limit, to);
        }
        let available = self.available()?;
        let count = available.len().min(limit);
        to.extend_from_slice(&available[..count]);
        self.unread.start += count;
        Ok(count)
    }

    /// A large read goes past the buffer.
    fn read_directly(&mut self, limit: usize, to: &mut Vec<u8>) -> Outcome<usize> {
        if !self.readable {
            return Err(Errno::BADF);
        }
        if self.at_end {
            return Ok(0);
        }
        self.flush()?;
        let old = to.len();
        // Bounded, so that a huge limit allocates no more than the file has.
        to.resize(old + limit.min(16 * BUFFER), 0);
        let fd = self.descriptor.fd();
        let outcome = read(fd, &mut self.waits, &mut to[old..]);
        let count = outcome.unwrap_or(0);
        to.truncate(old + count);
        self.at_end = outcome == Ok(0);
        outcome
    }

    /// Finds the next line and takes it with its newline, which is part of the result if `keep`.
    ///
    /// Of a line that is longer than what is buffered `go_on` is asked, with how long it is so far.
    /// Where it says no, that is all of the line.
    pub(crate) fn read_line(&mut self, keep: bool, go_on: impl Fn(usize) -> bool) -> Outcome<Line> {
        let mut spilled = false;
        loop {
            let available = self.available()?;
            let length = available.len();
            if length == 0 {
                return Ok(if spilled { Line::Spilled } else { Line::End });
            }
            let start = self.unread.start;
            let newline = memchr::memchr(b'\n', &self.input[self.unread.clone()]);
            let (line, next) = match newline {
                Some(end) => (start..start + end + usize::from(keep), start + end + 1),
                None => (start..start + length, start + length),
            };
            self.unread.start = next;
            if newline.is_some() && !spilled {
                return Ok(Line::Buffered(line));
            }
            spilled = true;
            self.spilled.extend_from_slice(&self.input[line]);
            if newline.is_some() || !go_on(self.spilled.len()) {
                return Ok(Line::Spilled);
            }
        }
    }

    /// A line that `read_line` left in the input buffer.
    pub(crate) fn buffered(&self, line: Range<usize>) -> &[u8] {
        &self.input[line]
    }

    /// The line that `read_line` had to put together.
    pub(crate) fn take_spilled(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.spilled)
    }

    // Output.

    /// Writes through the buffer.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Outcome<()> {
        if !self.writable {
            return Err(Errno::BADF);
        }
        if !self.unread.is_empty() {
            self.forget_input()?;
        }
        match self.buffering {
            Buffering::None => self.write_out(bytes),
            Buffering::Full => self.write_buffered(bytes),
            Buffering::Line => match memchr::memrchr(b'\n', bytes) {
                Some(end) => {
                    let (lines, rest) = bytes.split_at(end + 1);
                    self.write_buffered(lines)?;
                    self.flush()?;
                    self.write_buffered(rest)
                }
                None => self.write_buffered(bytes),
            },
        }
    }

    #[inline]
    fn write_buffered(&mut self, bytes: &[u8]) -> Outcome<()> {
        if self.output.len() + bytes.len() > self.capacity {
            self.flush()?;
            if bytes.len() >= self.capacity {
                return self.write_out(bytes);
            }
        }
        self.output.extend_from_slice(bytes);
        Ok(())
    }

    /// Writes past the buffer.
    fn write_out(&self, mut bytes: &[u8]) -> Outcome<()> {
        let fd = self.descriptor.fd();
        while !bytes.is_empty() {
            let count = retry_on_intr(|| rustix::io::write(fd, bytes))?;
            bytes = &bytes[count..];
        }
        Ok(())
    }

    /// Writes out what is buffered. As in C, after an error what was not written is lost.
    pub(crate) fn flush(&mut self) -> Outcome<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        let outcome = self.write_out(&self.output);
        self.output.clear();
        outcome
    }

    /// Chooses how output is buffered. What is buffered already is written out first.
    pub(crate) fn set_buffering(&mut self, buffering: Buffering, size: usize) -> Outcome<()> {
        self.flush()?;
        self.buffering = buffering;
        self.capacity = size.clamp(1, LARGEST);
        Ok(())
    }

    // Position and end.

    /// Goes back from the end of the buffered input to where the reader is.
    fn forget_input(&mut self) -> Outcome<()> {
        let ahead = self.unread.len() as i64;
        self.unread = 0..0;
        if ahead == 0 {
            return Ok(());
        }
        match rustix::fs::seek(self.descriptor.fd(), SeekFrom::Current(-ahead)) {
            // What comes from a pipe or terminal is gone.
            Ok(_) | Err(Errno::SPIPE) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Moves to a position and gives it as an offset from the start.
    pub(crate) fn seek(&mut self, to: SeekFrom) -> Outcome<u64> {
        self.flush()?;
        let to = match to {
            SeekFrom::Current(offset) => {
                let ahead = self.unread.len() as i64;
                SeekFrom::Current(offset.checked_sub(ahead).ok_or(Errno::OVERFLOW)?)
            }
            to => to,
        };
        let position = rustix::fs::seek(self.descriptor.fd(), to)?;
        self.unread = 0..0;
        self.at_end = false;
        Ok(position)
    }

    /// Writes out what is buffered and closes; gives how the child ended, if there is one.
    pub(crate) fn close(mut self) -> Outcome<Option<ExitStatus>> {
        let outcome = self.flush();
        self.output.clear();
        let Some(mut child) = self.child.take() else {
            return outcome.map(|()| None);
        };
        // The child may wait for its input to end.
        drop(self);
        match child.wait() {
            Ok(status) => Ok(Some(status)),
            Err(error) => Err(crate::util::errno(&error)),
        }
    }
}

/// One read. Only where it may wait can it be interrupted.
fn read(fd: BorrowedFd<'_>, waits: &mut Option<bool>, to: &mut [u8]) -> Outcome<usize> {
    if *waits.get_or_insert_with(|| wake::may_wait(fd)) {
        wake::read(fd, to)
    } else {
        retry_on_intr(|| rustix::io::read(fd, &mut *to))
    }
}

impl Drop for Stream {
    /// A file that nobody closed. Errors have nobody to go to.
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::super::library::temporary_file;
    use super::*;

    fn temporary() -> Stream {
        let (file, name) = temporary_file().unwrap();
        std::fs::remove_file(name).unwrap();
        Stream::file(file, true, true)
    }

    fn line(stream: &mut Stream, keep: bool) -> Option<Vec<u8>> {
        match stream.read_line(keep, |_| true).unwrap() {
            Line::Buffered(line) => Some(stream.buffered(line).to_vec()),
            Line::Spilled => Some(stream.take_spilled()),
            Line::End => None,
        }
    }

    #[test]
    fn one_position_for_reading_and_writing() {
        let mut stream = temporary();
        stream.write(b"0123456789").unwrap();
        stream.seek(SeekFrom::Start(2)).unwrap();
        let mut read = Vec::new();
        stream.read_some(3, &mut read).unwrap();
        assert_eq!(read, b"234");
        assert_eq!(stream.seek(SeekFrom::Current(0)), Ok(5));
        assert_eq!(stream.peek(), Ok(Some(b'5')));
        stream.write(b"XY").unwrap();
        assert_eq!(stream.peek(), Ok(Some(b'7')));
        stream.seek(SeekFrom::Start(0)).unwrap();
        assert_eq!(line(&mut stream, true).unwrap(), b"01234XY789");
        assert_eq!(line(&mut stream, true), None);
    }

    #[test]
    fn lines_longer_than_the_buffer() {
        let mut stream = temporary();
        let long = vec![b'x'; 3 * BUFFER + 7];
        for text in [&b"a\n\n"[..], &long, b"\nlast"] {
            stream.write(text).unwrap();
        }
        stream.seek(SeekFrom::Start(0)).unwrap();
        assert_eq!(line(&mut stream, true).unwrap(), b"a\n");
        assert_eq!(line(&mut stream, false).unwrap(), b"");
        assert_eq!(line(&mut stream, false).unwrap(), long);
        assert_eq!(line(&mut stream, true).unwrap(), b"last");
        assert_eq!(line(&mut stream, false), None);
    }

    #[test]
    fn output_leaves_the_buffer_when_it_should() {
        let mut stream = temporary();
        let Descriptor::Owned(fd) = &stream.descriptor else {
            unreachable!("a file of its own");
        };
        let file = File::from(fd.try_clone().unwrap());
        let length = || file.metadata().unwrap().len();
        stream.write(b"12").unwrap();
        assert_eq!(length(), 0);
        stream.set_buffering(Buffering::Line, 8).unwrap();
        assert_eq!(length(), 2);
        stream.write(b"3").unwrap();
        assert_eq!(length(), 2);
        stream.write(b"\n5").unwrap();
        assert_eq!(length(), 4);
        stream.set_buffering(Buffering::Full, 4).unwrap();
        stream.write(b"\n7").unwrap();
        assert_eq!(length(), 5);
        stream.write(b"890").unwrap();
        assert_eq!(length(), 7);
        stream.set_buffering(Buffering::None, 4).unwrap();
        stream.write(b"a").unwrap();
        assert_eq!(length(), 11);
    }

    #[test]
    fn errors_are_errnos() {
        let file = File::options().write(true).open("/dev/full").unwrap();
        let mut stream = Stream::file(file, false, true);
        assert_eq!(stream.write(b"x"), Ok(()));
        assert_eq!(stream.flush(), Err(Errno::NOSPC));
        assert_eq!(stream.flush(), Ok(()));
        assert_eq!(stream.peek(), Err(Errno::BADF));
        let mut stream = Stream::file(File::open("/").unwrap(), true, false);
        assert_eq!(stream.peek(), Err(Errno::ISDIR));
        assert_eq!(stream.write(b"x"), Err(Errno::BADF));
    }
}
