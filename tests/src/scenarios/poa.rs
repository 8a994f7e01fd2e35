//! A workload asks, a person approves in the enclave, a broker lets it happen once.

use anyhow::{Context as _, Result, ensure};
use enclave_shell::{
    Deployment,
    demo::{self, DemoOrigins},
    emit_plain,
    serve::Running,
    workloads::{self, Ports},
};
use fantoccini::Client;
use serde_json::{Value, json};

use super::approvals::{SCROLL_TO_END, SHOWN, in_frame, press_approve};
use crate::{
    driver::free_port,
    page::{Page as _, SOON, eventually},
    scenario::scenarios,
    vault_ui::{PASSPHRASE, VaultUi},
    world::World,
};

scenarios!("poa": approved_used_revoked_and_refused, two_people_approve);

/// What happened, in order.
const COURSE: &str =
    "return [...document.querySelectorAll('#course > li')].map((item) => item.dataset.event);";

/// The demo with its workloads.
struct Demo {
    url: String,
    _servers: [Running; 2],
}

impl Demo {
    async fn start(world: &World) -> Result<Self> {
        let ports = Ports { agent: free_port()?, relay: free_port()? };
        let origins = DemoOrigins::new(free_port()?, free_port()?)?;
        let deployment = Deployment::new(origins.kms.as_str(), &[origins.pwa.as_str()])?;
        let emitted = emit_plain(&world.sources, &deployment)?;
        let mut site = demo::embedder(&emitted.pin)?;
        demo::add_workloads(&mut site, ports)?;
        workloads::start(&origins.pwa, ports).await?;
        let servers = demo::start_with(emitted, site, (&origins, false))?;
        Ok(Self { url: format!("{}/workloads.html", origins.pwa), _servers: servers })
    }
}

/// A person in front of the demo, with a vault of their own.
struct Person<'a> {
    page: &'a Client,
}

impl<'a> Person<'a> {
    async fn visits(demo: &Demo, page: &'a Client) -> Result<Self> {
        page.goto(&demo.url).await?;
        let framed = "return document.querySelector('iframe') !== null;";
        eventually(SOON, async || Ok(page.eval(framed, &[]).await? == true)).await?;
        VaultUi(page).set_up(PASSPHRASE).await?;
        Ok(Self { page })
    }

    /// Presses a button of the page, as soon as it can be pressed.
    async fn presses(&self, button: &str) -> Result<()> {
        let open = "return document.querySelector($0).disabled === false;";
        let ready = async || Ok(self.page.eval(open, &[json!(button)]).await? == true);
        eventually(SOON, ready).await.with_context(|| format!("{button} stays closed"))?;
        self.page.press(button).await
    }

    /// Waits until these things have happened, and no others.
    async fn saw(&self, events: &[&str]) -> Result<()> {
        let waited =
            eventually(SOON, async || Ok(self.page.eval(COURSE, &[]).await? == json!(events)));
        let waited = waited.await;
        let error = self.page.read("#error").await.unwrap_or_default();
        waited.with_context(|| format!("never {events:?}; error shown: {error:?}"))
    }

    /// Approves what the enclave shows; its text.
    async fn approves(&self) -> Result<String> {
        VaultUi(self.page).shows("approve").await?;
        // The screen before may be there for a moment more.
        let mut shown = Value::Null;
        let read = eventually(SOON, async || {
            shown = in_frame(self.page, SHOWN).await?;
            Ok(shown["focus"] == "title")
        });
        read.await.with_context(|| format!("another screen: {shown}"))?;
        // It is longer than its box: nobody approves what they have not read to its end.
        in_frame(self.page, SCROLL_TO_END).await?;
        press_approve(self.page, "").await?;
        match shown["payloads"][0].take() {
            Value::String(text) => Ok(text),
            other => anyhow::bail!("no text: {other}"),
        }
    }
}

async fn approved_used_revoked_and_refused(world: &mut World) -> Result<()> {
    let demo = Demo::start(world).await?;
    let person = Person::visits(&demo, world.page()?).await?;
    person.presses("#approver").await?;
    person.presses("#ask").await?;
    person.saw(&["asked"]).await?;
    person.presses("#approve").await?;
    let shown = person.approves().await?;
    for line in [
        "workload: spiffe://demo.ats.example/agent/assistant",
        "action: crm.contact.read",
        "constraint: id = \"42\"",
        "request: GET /v1/proxy/crm/contacts/42",
        "signatures: one, and this is it",
    ] {
        ensure!(shown.lines().any(|known| known == line), "{line} is not in {shown}");
    }
    ensure!(shown.contains("log, never seen before: "), "{shown}");
    person.saw(&["asked", "approved"]).await?;
    person.presses("#use").await?;
    person.saw(&["asked", "approved", "used"]).await?;
    person.presses("#use").await?;
    person.saw(&["asked", "approved", "used", "token_used"]).await?;

    person.presses("#ask").await?;
    person.saw(&["asked", "approved", "used", "token_used", "asked"]).await?;
    person.presses("#approve").await?;
    let shown = person.approves().await?;
    ensure!(shown.contains("\nlog: from "), "{shown}");
    person.presses("#revoke").await?;
    let shown = person.approves().await?;
    ensure!(shown.contains("\nat: spiffe://demo.ats.example/broker"), "{shown}");
    let so_far = ["asked", "approved", "used", "token_used", "asked", "approved", "revoked"];
    person.saw(&so_far).await?;
    person.presses("#use").await?;
    person.saw(&[&so_far[..], &["token_revoked"]].concat()).await?;

    person.presses("#ask").await?;
    person.presses("#approve").await?;
    VaultUi(person.page).shows("approve").await?;
    VaultUi(person.page).cancel().await?;
    let told = async || Ok(person.page.read("#error").await? == "user_cancelled");
    eventually(SOON, told).await
}

/// Two vaults in two profiles: what one person approved alone is worth nothing.
async fn two_people_approve(world: &mut World) -> Result<()> {
    let demo = Demo::start(world).await?;
    let first = Person::visits(&demo, world.page()?).await?;
    first.presses("#approver").await?;
    first.presses("#ask-rename").await?;
    first.saw(&["asked"]).await?;
    // The broker that the second one joins forgets what was asked before.
    let other = world.another_browser().await?;
    let second = Person::visits(&demo, &other.client).await?;
    second.presses("#second").await?;
    second.presses("#approve").await?;
    let nothing = async || Ok(second.page.read("#error").await?.starts_with("Nothing waits"));
    eventually(SOON, nothing).await?;

    first.presses("#ask-rename").await?;
    first.saw(&["asked", "asked"]).await?;
    first.presses("#approve").await?;
    let shown = first.approves().await?;
    for line in ["request: PUT /v1/proxy/crm/contacts/42", "signatures: two, and this is the first"]
    {
        ensure!(shown.lines().any(|known| known == line), "{line} is not in {shown}");
    }
    first.saw(&["asked", "asked", "first"]).await?;
    first.presses("#use").await?;
    first.saw(&["asked", "asked", "first", "token_missing"]).await?;

    second.presses("#approve").await?;
    let shown = second.approves().await?;
    let line = "signatures: two, and this is the second";
    ensure!(shown.lines().any(|known| known.starts_with(line)), "{line} is not in {shown}");
    second.saw(&["approved"]).await?;
    other.quit().await?;
    first.presses("#use").await?;
    let so_far = ["asked", "asked", "first", "token_missing", "used"];
    first.saw(&so_far).await?;
    first.presses("#revoke").await?;
    first.approves().await?;
    first.saw(&[&so_far[..], &["revoked"]].concat()).await?;
    first.presses("#use").await?;
    first.saw(&[&so_far[..], &["revoked", "token_revoked"]].concat()).await
}
