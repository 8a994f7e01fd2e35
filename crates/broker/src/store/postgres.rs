//! The log of several brokers in a `PostgreSQL` database. The broker is known there by its certificate,
//! and knows the database by its own.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kms_token::{Id, SpiffeId};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Statement};

use super::{Clock, Ledger, Row, Seal};
use crate::config::PostgresRule;
use crate::state::Waits;
use crate::tls::{Identity, Source};

mod secured;

use secured::Secured;

/// How long the database may take for anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// Most lines that are read at once.
const PAGE: i64 = 4096;

/// A broker that does not go on in its turn loses it: the others wait for their own.
const SESSION: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED; \
     SET lock_timeout = '4s'; SET statement_timeout = '4s'; \
     SET idle_in_transaction_session_timeout = '4s'";
/// A word of the database that this is on the disk has to be true.
const SAFE: &str = "SELECT current_setting('fsync') = 'on' \
     AND current_setting('full_page_writes') = 'on' \
     AND current_setting('synchronous_commit') <> 'off'";
const BEGIN: &str = "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('kms_log', 0))";
const NAME: &str = "INSERT INTO kms_identity (log_key) VALUES ($1) ON CONFLICT DO NOTHING";
const NAMED: &str = "SELECT log_key FROM kms_identity";
const READ: &str = "SELECT log.seq, log.line, waiting.challenge, waiting.ends, waiting.sealed \
     FROM kms_log AS log LEFT JOIN kms_waiting AS waiting USING (seq) \
     WHERE log.seq >= $1 ORDER BY log.seq LIMIT $2";
const WRITE: &str =
    "INSERT INTO kms_log (seq, line) SELECT * FROM unnest($1::bigint[], $2::text[])";
const PUT: &str = "INSERT INTO kms_waiting (seq, challenge, ends, sealed) \
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bytea[])";
const OVER: &str = "DELETE FROM kms_waiting WHERE challenge = ANY($1::text[]) OR ends <= $2";

/// The database.
pub struct Postgres {
    database: Database,
    source: Arc<Source>,
    clock: Clock,
    seal: Seal,
    link: Option<Link>,
}

/// Where and what it is.
pub struct Database {
    address: String,
    id: SpiffeId,
    config: Config,
    /// The key that checkpoints of its log are verified with.
    log_key: String,
}

/// A connection, good until either certificate ends.
struct Link {
    client: Client,
    identity: Arc<Identity>,
    ends: Arc<AtomicU64>,
    read: Statement,
    write: Statement,
    put: Statement,
    over: Statement,
}

impl Database {
    /// What the configuration says. `password` is for databases that want one as well.
    #[must_use]
    pub fn new(rule: &PostgresRule, id: SpiffeId, log_key: String, password: Option<&str>) -> Self {
        let mut config = Config::new();
        config.user(&rule.user).dbname(&rule.database).application_name("kms-broker");
        config.ssl_mode(SslMode::Require);
        if let Some(password) = password {
            config.password(password);
        }
        Self { address: rule.address.clone(), id, config, log_key }
    }
}

impl Postgres {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(database: Database, source: Arc<Source>, clock: Clock, seal: Seal) -> Self {
        Self { database, source, clock, seal, link: None }
    }

    /// The connection of before, if it may be used on.
    async fn begin_again(&mut self) -> bool {
        let (identity, now_s) = (self.source.identity(), (self.clock)());
        self.link = self.link.take().filter(|link| {
            Arc::ptr_eq(&link.identity, &identity) && now_s < link.ends.load(Ordering::Relaxed)
        });
        let Some(link) = &self.link else { return false };
        patiently(link.client.batch_execute(BEGIN)).await.is_ok()
    }

    async fn connect(&self) -> io::Result<Link> {
        let identity = self.source.identity();
        let Database { address, id, config, log_key } = &self.database;
        let ends = Arc::new(AtomicU64::new(identity.leaf.expires));
        let mut tls = identity.client(id).map_err(io::Error::other)?;
        tls.alpn_protocols = vec![b"postgresql".to_vec()];
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let secured = Secured { config: Arc::new(tls), id: id.clone(), ends: Arc::clone(&ends) };
        let (client, connection) = config.connect_raw(stream, secured).await.map_err(plain)?;
        // It ends with the client, which hears of every error.
        tokio::spawn(async { connection.await.ok() });
        client.batch_execute(SESSION).await.map_err(plain)?;
        let safe = client.query_one(SAFE, &[]).await.map_err(plain)?;
        if !get::<bool>(&safe, 0)? {
            return Err(io::Error::other("the database does not write to the disk in time"));
        }
        client.execute(NAME, &[log_key]).await.map_err(plain)?;
        let named = client.query_one(NAMED, &[]).await.map_err(plain)?;
        if get::<&str>(&named, 0)? != log_key {
            return Err(io::Error::other("the log in the database has another key"));
        }
        let prepare = async |text| client.prepare(text).await.map_err(plain);
        let (read, write) = (prepare(READ).await?, prepare(WRITE).await?);
        let (put, over) = (prepare(PUT).await?, prepare(OVER).await?);
        Ok(Link { client, identity, ends, read, write, put, over })
    }

    fn row(&self, row: &tokio_postgres::Row) -> io::Result<Row> {
        let seq = number(get::<i64>(row, 0)?)?;
        let sealed = get::<Option<Vec<u8>>>(row, 4)?;
        let text = sealed.and_then(|sealed| self.seal.unseal(seq, &sealed));
        let waits = match (text, get::<Option<&str>>(row, 2)?, get::<Option<i64>>(row, 3)?) {
            (Some(text), Some(challenge), Some(ends)) => {
                let challenge = Id::parse(challenge).map_err(|_| odd())?;
                Some(Waits::For { challenge, ends: number(ends)?, text })
            }
            _ => None,
        };
        Ok(Row { line: get::<String>(row, 1)?, waits })
    }

    async fn write(&self, link: &Link, from: u64, rows: &[Row]) -> io::Result<()> {
        let (mut seqs, mut lines, mut over) = (Vec::new(), Vec::new(), Vec::new());
        let (mut at, mut names, mut ends, mut sealed) =
            <(Vec<_>, Vec<_>, Vec<_>, Vec<_>)>::default();
        for (seq, row) in (from..).zip(rows) {
            seqs.push(signed(seq)?);
            lines.push(row.line.trim_end());
            match &row.waits {
                Some(Waits::For { challenge, ends: end, text }) => {
                    at.push(signed(seq)?);
                    names.push(challenge.to_string());
                    ends.push(signed(*end)?);
                    sealed.push(self.seal.seal(seq, text).ok_or_else(odd)?);
                }
                Some(Waits::Over(challenge)) => over.push(challenge.to_string()),
                None => {}
            }
        }
        execute(link, &link.write, &[&seqs, &lines]).await?;
        if !at.is_empty() {
            execute(link, &link.put, &[&at, &names, &ends, &sealed]).await?;
        }
        execute(link, &link.over, &[&over, &signed((self.clock)())?]).await
    }
}

impl Ledger for Postgres {
    async fn begin(&mut self) -> io::Result<()> {
        if self.begin_again().await {
            return Ok(());
        }
        self.link = None;
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        let link = timeout(PATIENCE, self.connect()).await.map_err(late)??;
        patiently(link.client.batch_execute(BEGIN)).await?;
        self.link = Some(link);
        Ok(())
    }

    async fn read(&mut self, from: u64) -> io::Result<Vec<Row>> {
        let link = self.link.take().ok_or_else(odd)?;
        let from = signed(from)?;
        let rows = patiently(link.client.query(&link.read, &[&from, &PAGE])).await?;
        self.link = Some(link);
        rows.iter().map(|row| self.row(row)).collect()
    }

    async fn end(&mut self, from: u64, rows: &[Row]) -> io::Result<()> {
        // Without a connection, the database ends the turn, and nothing is written.
        let link = self.link.take().ok_or_else(odd)?;
        if !rows.is_empty() {
            self.write(&link, from, rows).await?;
        }
        patiently(link.client.batch_execute("COMMIT")).await?;
        self.link = Some(link);
        Ok(())
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("address", &self.database.address).finish_non_exhaustive()
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn execute(link: &Link, what: &Statement, with: &[&(dyn ToSql + Sync)]) -> io::Result<()> {
    patiently(link.client.execute(what, with)).await.map(drop)
}

async fn patiently<T>(
    asked: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> io::Result<T> {
    match timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(plain),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

/// What the database says, with its reason: values of ours are in neither.
#[allow(clippy::needless_pass_by_value)] // as `map_err` has it
fn plain(error: tokio_postgres::Error) -> io::Error {
    let code = error.code().map_or("", |code| code.code());
    let reason = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    io::Error::other(format!("database: {error} {code} {reason}"))
}

fn get<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a tokio_postgres::Row,
    column: usize,
) -> io::Result<T> {
    row.try_get(column).map_err(plain)
}

fn signed(number: u64) -> io::Result<i64> {
    i64::try_from(number).map_err(io::Error::other)
}

fn number(signed: i64) -> io::Result<u64> {
    u64::try_from(signed).map_err(io::Error::other)
}

fn odd() -> io::Error {
    io::Error::other("the database has something else than it should")
}
