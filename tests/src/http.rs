//! The plainest HTTP client there is: one GET, every byte and header as the server sent it.

use anyhow::{Context as _, Result};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A response as it came over the wire.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status code.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body, if it was not sent in chunks.
    pub body: Vec<u8>,
}

impl Answer {
    /// The values of a header field, in order.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// The value of a header field sent exactly once.
    pub(crate) fn one(&self, name: &str) -> Result<&str> {
        match self.all(name)[..] {
            [value] => Ok(value),
            ref several => anyhow::bail!("{} values of {name}", several.len()),
        }
    }
}

/// Requests `path` of an origin on loopback, whatever its host name.
pub(crate) async fn get(origin: &str, path: &str, headers: &[(&str, &str)]) -> Result<Answer> {
    let host = origin.strip_prefix("http://").context("not plain HTTP")?;
    let port = host.rsplit(':').next().context("no port")?.parse()?;
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let fixed = [("Host", host), ("Connection", "close")];
    let fields: Vec<_> =
        fixed.iter().chain(headers).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!("GET {path} HTTP/1.1\r\n{}\r\n", fields.concat());
    stream.write_all(request.as_bytes()).await?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await?;
    parse(&response)
}

fn parse(response: &[u8]) -> Result<Answer> {
    const END: &[u8] = b"\r\n\r\n";
    let end = response.windows(END.len()).position(|window| window == END);
    let (head, body) = response.split_at(end.context("no end of the header")?);
    let mut lines = std::str::from_utf8(head)?.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).context("no status")?;
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    Ok(Answer { status: status.parse()?, headers, body: body[END.len()..].to_vec() })
}
