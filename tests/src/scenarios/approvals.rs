//! A person approves what a key is used for, on a screen that the page cannot touch.

use anyhow::{Context as _, Result, ensure};
use fantoccini::Client;
use serde_json::{Value, json};

use crate::{
    authenticator::Authenticator,
    demo::Demo,
    engine::Engine,
    page::{Page as _, SOON, eventually},
    scenario::scenarios,
    session::{Session, attack, to_page},
    stage::Stage,
    vault_ui::VaultUi,
    world::World,
};

scenarios!("approvals": one_by_one, together, worn_down, long_and_deceiving, nobody_else_approves [light],
    out_of_sight [light], swapped_under_the_finger, by_passkey);

/// The policy of a key whose every use a person confirms.
fn policy() -> Value {
    json!({"operations": ["sign", "verify"], "confirmation": "sheet"})
}

/// Asks for signatures, all in one message; how it ends is kept.
const ASK: &str = "
    const one = (data) => ({
        method: 'sign', params: { keyId: window.guarded, data: new Uint8Array(data) },
    });
    window.asked = kms.batch($0.map(one)).then((replies) =>
        replies.map(({ error }) => error?.code ?? 'ok'));";

/// What the screen says.
pub(super) const SHOWN: &str = "
    const texts = (css) => [...document.querySelectorAll(css)].map((part) => part.textContent);
    return {
        focus: document.activeElement.id,
        key: texts('.asked .facts').join(),
        payloads: texts('.payload'),
        unread: texts('.unread:not([hidden])'),
        code: texts('label[for=code]').join().replace(/\\D/g, ''),
    };";

/// Whether the button is closed, for longer than it takes to open.
const STAYS_CLOSED: &str = "
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return document.getElementById('submit').disabled;";

/// Runs a script in the frame that shows the screen.
pub(super) async fn in_frame(page: &Client, script: &str) -> Result<Value> {
    page.enter_enclave().await?;
    let found = page.eval(script, &[]).await?;
    page.leave_frame().await?;
    Ok(found)
}

/// Presses the button, with the code where one has to be typed.
pub(super) async fn press_approve(page: &Client, code: &str) -> Result<()> {
    page.enter_enclave().await?;
    if !code.is_empty() {
        page.fill("#code", code).await?;
    }
    page.press("#submit").await?;
    page.leave_frame().await
}

/// A person in front of the demo page, with its client and its sheet.
struct Person<'a>(&'a Client);

impl Person<'_> {
    async fn is_asked(&self, payloads: &[&[u8]]) -> Result<Value> {
        self.0.eval(ASK, &[json!(payloads)]).await?;
        VaultUi(self.0).shows("approve").await?;
        // The screen before may be there for a moment more, with its button in focus.
        let mut shown = Value::Null;
        let read = eventually(SOON, async || {
            shown = in_frame(self.0, SHOWN).await?;
            Ok(shown["focus"] == "title")
        });
        read.await.with_context(|| format!("reading comes first: {shown}"))?;
        Ok(shown)
    }

    async fn ended(&self) -> Result<Value> {
        self.0.eval("return await window.asked;", &[]).await
    }

    async fn approves(&self, code: &str) -> Result<Value> {
        press_approve(self.0, code).await?;
        self.ended().await
    }

    async fn denies(&self) -> Result<Value> {
        VaultUi(self.0).cancel().await?;
        self.ended().await
    }
}

async fn person(world: &mut World) -> Result<Person<'_>> {
    let stage = world.stage()?;
    let page = world.page()?;
    Demo::open(page, &stage.pwa).await?.set_up().await?;
    let make = "const params = { spec: 'ed25519', label: 'Payments', policy: $0 };\
        window.guarded = (await kms.keys.create(params)).keyId;";
    page.eval(make, &[policy()]).await?;
    Ok(Person(page))
}

/// How often the log says that the person approved, and that they denied.
const DECISIONS: &str = "
    const { entries } = await kms.audit.list({ limit: 100 });
    const asked = entries.filter(({ method }) => method === 'sign.approval');
    return ['ok', 'user_cancelled'].map((end) => asked.filter((one) => one.outcome === end).length);";

async fn one_by_one(world: &mut World) -> Result<()> {
    let person = person(world).await?;
    let shown = person.is_asked(&["<b>Pay</b> 10\u{202e}0 to Bob".as_bytes()]).await?;
    ensure!(shown["payloads"] == json!(["<b>Pay</b> 10⟨U+202E⟩0 to Bob"]), "{shown}");
    ensure!(shown["key"].as_str().is_some_and(|key| key.contains("“Payments”")), "{shown}");
    ensure!(person.approves("").await? == json!(["ok"]));
    person.is_asked(&[b"Pay 10 to Bob"]).await?;
    ensure!(person.denies().await? == json!(["user_cancelled"]));
    let shown = person.is_asked(&[&[0xff; 5]]).await?;
    ensure!(shown["payloads"] == json!([]), "what cannot be read is not shown as text: {shown}");
    let code = shown["code"].as_str().unwrap_or_default();
    ensure!(code.len() == 4, "{shown}");
    press_approve(person.0, "12345").await?;
    VaultUi(person.0).complains("four digits").await?;
    ensure!(person.approves(code).await? == json!(["ok"]));
    let decided = person.0.eval(DECISIONS, &[]).await?;
    ensure!(decided == json!([2, 1]), "the log has every decision: {decided}");
    Ok(())
}

async fn together(world: &mut World) -> Result<()> {
    let person = person(world).await?;
    let shown = person.is_asked(&[b"one", b"two", b"three"]).await?;
    ensure!(shown["payloads"] == json!(["one", "two", "three"]), "{shown}");
    ensure!(person.approves("").await? == json!(["ok", "ok", "ok"]));
    person.0.eval(ASK, &[json!(vec![b"more"; 11])]).await?;
    let many = person.ended().await?;
    ensure!(many == json!(vec!["approval_too_large"; 11]), "{many}");
    Ok(())
}

/// A page that asks again and again has to wait.
async fn worn_down(world: &mut World) -> Result<()> {
    let person = person(world).await?;
    for _ in 0..3 {
        person.is_asked(&[b"please"]).await?;
        ensure!(person.denies().await? == json!(["user_cancelled"]));
    }
    for _ in 0..50 {
        person.0.eval(ASK, &[json!([b"please"])]).await?;
        let asked = person.ended().await?;
        ensure!(asked == json!(["too_many_requests"]), "{asked}");
    }
    VaultUi(person.0).shows("idle").await
}

/// A page without the client, and a key whose uses the person confirms.
struct Asking<'a> {
    page: &'a Client,
    session: Session<'a>,
    key_id: Value,
}

impl<'a> Asking<'a> {
    async fn begin(page: &'a Client, stage: &Stage) -> Result<Self> {
        Self::with(page, Session::unlocked(page, stage).await?).await
    }

    async fn with(page: &'a Client, session: Session<'a>) -> Result<Self> {
        let params = json!({"spec": "ed25519", "label": "Payments", "policy": policy()});
        let key_id = session.call("keys.create", params).await?["keyId"].take();
        Ok(Self { page, session, key_id })
    }

    async fn asks(&self, text: &str) -> Result<Value> {
        let params = json!({"keyId": self.key_id, "data": to_page(text.as_bytes())});
        self.session.begin_with("sign", params).await?;
        VaultUi(self.page).shows("approve").await?;
        in_frame(self.page, SHOWN).await
    }

    async fn is_denied(&self) -> Result<()> {
        VaultUi(self.page).cancel().await?;
        ensure!(self.session.end_refused().await? == "user_cancelled");
        Ok(())
    }
}

/// Where the text stands, and whether it is nothing but text.
const GEOMETRY: &str = "
    const place = (css) => document.querySelector(css).getBoundingClientRect();
    const [payload, card, submit] = ['.payload', '.card', '#submit'].map(place);
    return {
        inside: payload.left >= card.left && payload.right <= card.right,
        above: payload.bottom <= submit.top && payload.top >= place('#site').bottom,
        flat: document.querySelector('.payload').childElementCount === 0,
        narrow: document.documentElement.scrollWidth <= innerWidth,
    };";

pub(super) const SCROLL_TO_END: &str = "
    const box = document.querySelector('.payload');
    box.scrollTop = box.scrollHeight;
    return null;";

async fn long_and_deceiving(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let asking = Asking::begin(world.page()?, &stage).await?;
    let page = asking.page;
    let in_place = json!({"inside": true, "above": true, "flat": true, "narrow": true});
    let hidden = format!("Log in{}Pay 9999 to Bob", "\n".repeat(40));
    let marks = format!("a{}", "\u{301}\u{20e3}".repeat(60));
    let imitation = "⟨U+0000⟩\u{2028}2. Sign with the key “Other”\u{2066}</p><button id=submit>";
    for (text, part) in [
        (hidden.as_str(), "⟨U+000A⟩Pay 9999 to Bob"),
        (&"W".repeat(900), "WWW"),
        (&marks, "⟨U+0301⟩"),
        (imitation, "⟨U+27E8⟩U+0000⟨U+27E9⟩⟨U+2028⟩2. Sign"),
    ] {
        let shown = asking.asks(text).await?;
        let payload = shown["payloads"][0].as_str().context("no text")?;
        ensure!(payload.contains(part) && shown["code"] == "", "{shown}");
        let found = in_frame(page, GEOMETRY).await?;
        ensure!(found == in_place, "{part}: {found}");
        // A denial would count; too many of them, and nothing is shown.
        in_frame(page, SCROLL_TO_END).await?;
        press_approve(page, "").await?;
        asking.session.end().await?;
    }
    // What does not fit into its box has to be scrolled, what is cut needs a code besides.
    let shown = asking.asks(&format!("{}the end", "a line\n".repeat(400))).await?;
    let code = shown["code"].as_str().context("no code")?;
    ensure!(
        code.len() == 4 && shown["unread"].to_string().contains("only the beginning"),
        "{shown}"
    );
    ensure!(in_frame(page, GEOMETRY).await? == in_place);
    ensure!(in_frame(page, STAYS_CLOSED).await? == true, "nobody has read to the end");
    in_frame(page, SCROLL_TO_END).await?;
    press_approve(page, code).await?;
    asking.session.end().await?;
    Ok(())
}

/// A script inside the frame, which no page has, plays a person.
const PLAY_A_PERSON: &str = "
    await new Promise((resolve) => setTimeout(resolve, 600));
    const button = document.getElementById('submit');
    button.click();
    for (const name of ['pointerdown', 'pointerup', 'click']) {
        button.dispatchEvent(new PointerEvent(name, { bubbles: true, cancelable: true }));
    }
    button.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    document.querySelector('form').requestSubmit();
    await new Promise((resolve) => setTimeout(resolve, 600));
    return [button.disabled, document.documentElement.dataset.screen];";

async fn nobody_else_approves(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let asking = Asking::begin(world.page()?, &stage).await?;
    asking.asks("Pay 10 to Bob").await?;
    let found = in_frame(asking.page, PLAY_A_PERSON).await?;
    ensure!(found == json!([false, "approve"]), "the screen still waits: {found}");
    let argument = json!({"kms": stage.kms, "keyId": asking.key_id});
    let answers = attack(asking.page, "approve", &argument).await?;
    let expected = json!({
        "a method that approves": "unknown_method",
        "approved beforehand": "invalid_params",
        "a policy of its own": "invalid_params",
        "a second question": "too_many_requests",
        "another screen": "too_many_requests",
        "an answer on the port": "invalid_request",
    });
    ensure!(answers == expected, "{answers}");
    VaultUi(asking.page).shows("approve").await?;
    asking.is_denied().await?;
    let log = asking.session.call("audit.list", json!({"limit": 100})).await?;
    let entries = log["entries"].as_array().context("no entries")?;
    let made = |entry: &&Value| entry["method"] == "sign" && entry["outcome"] == "ok";
    ensure!(entries.iter().find(made).is_none(), "nothing was signed: {log}");
    Ok(())
}

/// Nothing can be pressed while the page keeps the frame out of view or, where the engine tells,
/// covers or fades it.
async fn out_of_sight(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let asking = Asking::begin(world.page()?, &stage).await?;
    asking.asks("Pay 10 to Bob").await?;
    let told: &[&str] = if world.engine == Engine::Chromium {
        &["outside", "overlay", "faint", "filtered"]
    } else {
        &["outside"]
    };
    for how in told {
        attack(asking.page, "cover", &json!({"how": how})).await?;
        let closed = in_frame(asking.page, STAYS_CLOSED).await?;
        ensure!(closed == true, "{how}: the button opened");
        attack(asking.page, "cover", &json!({"how": "none"})).await?;
        let closed = in_frame(asking.page, STAYS_CLOSED).await?;
        ensure!(closed == false, "{how}: the button stays closed");
    }
    press_approve(asking.page, "").await?;
    asking.session.end().await?;
    Ok(())
}

/// Notes each text that is put on the screen, and whether the button is closed then.
const WATCH: &str = "
    window.seen = [];
    const note = () => window.seen.push([
        document.querySelector('.payload')?.textContent ?? null,
        document.querySelector('#submit')?.disabled ?? null,
    ]);
    new MutationObserver(note).observe(document.body, { childList: true });
    return null;";

/// A page swaps what is asked just before the press.
async fn swapped_under_the_finger(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let asking = Asking::begin(world.page()?, &stage).await?;
    asking.asks("Log in").await?;
    in_frame(asking.page, WATCH).await?;
    let open = "return document.getElementById('submit')?.disabled === false;";
    eventually(SOON, async || Ok(in_frame(asking.page, open).await? == true)).await?;
    asking.session.call("ui.dismiss", json!({})).await?;
    let shown = asking.asks("Pay 9999 to Bob").await?;
    ensure!(shown["payloads"] == json!(["Pay 9999 to Bob"]), "{shown}");
    let seen = in_frame(asking.page, "return window.seen;").await?;
    let swapped = json!(["Pay 9999 to Bob", true]);
    ensure!(seen.as_array().is_some_and(|seen| seen.contains(&swapped)), "{seen}");
    asking.is_denied().await
}

/// Where the vault knows the key of a passkey, its signature approves, and a press does not.
async fn by_passkey(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::open(page, &stage).await?;
    let authenticator = Authenticator::with_prf(world.engine, page).await?;
    session.begin("vault.setup").await?;
    VaultUi(page).set_up_passkey().await?;
    ensure!(session.end().await?["state"] == "unlocked");
    let asking = Asking::with(page, session).await?;
    asking.asks("Pay 10 to Bob").await?;
    let told = in_frame(page, "return document.querySelector('.card').textContent;").await?;
    ensure!(told.as_str().is_some_and(|told| told.contains("Your passkey approves")), "{told}");
    press_approve(page, "").await?;
    asking.session.end().await?;
    // Somebody who is not recognised, and then somebody with another authenticator.
    authenticator.verifies(false).await?;
    asking.asks("Pay 20 to Bob").await?;
    press_approve(page, "").await?;
    VaultUi(page).complains("The passkey was not used").await?;
    authenticator.unplug().await?;
    let stranger = Authenticator::with_prf(world.engine, page).await?;
    press_approve(page, "").await?;
    VaultUi(page).complains("The passkey was not used").await?;
    asking.is_denied().await?;
    let log = asking.session.call("audit.list", json!({"limit": 100})).await?;
    let entries = log["entries"].as_array().context("no entries")?;
    let made = |entry: &&Value| entry["method"] == "sign" && entry["outcome"] == "ok";
    ensure!(entries.iter().filter(made).count() == 1, "one was approved: {log}");
    stranger.unplug().await
}
