//! What keeps the enclave apart: its headers, its sandbox, its worker, its keys.

use anyhow::{Context as _, Result, ensure};
use kms_manifest::Sha384;
use serde_json::{Value, json};

use crate::{
    http,
    page::Page as _,
    remade::{remade, replaced},
    scenario::scenarios,
    session::{Session, attack},
    stage::serve_changed,
    world::World,
};

scenarios!("isolation":
    live_headers,
    page_is_for_frames_only,
    frame_is_sandboxed_and_cross_site,
    what_does_not_fit_or_is_not_apart_does_not_start,
    worker_is_dedicated_and_closed,
    stored_keys_do_not_export,
    nothing_but_one_database_is_kept,
    no_message_holds_a_key,
);

/// What every response of the frame page says, whatever the deployment (design, section 5).
const FRAME_HEADERS: &[(&str, &str)] = &[
    ("Connection-Allowlist", "(response-origin)"),
    ("Integrity-Policy", "blocked-destinations=(script style)"),
    ("Document-Isolation-Policy", "isolate-and-require-corp"),
    ("Origin-Agent-Cluster", "?1"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-cache"),
    ("Content-Type", "text/html; charset=utf-8"),
];

async fn live_headers(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let emitted = &stage.release.emitted;
    let page = http::get(&stage.kms, "/", &[("Sec-Fetch-Dest", "iframe")]).await?;
    ensure!(page.status == 200);
    for (name, value) in FRAME_HEADERS {
        ensure!(page.one(name)? == *value, "{name}: {}", page.one(name)?);
    }
    let policy = page.one("Permissions-Policy")?;
    for feature in ["camera=()", "geolocation=()", "publickey-credentials-get=(self)"] {
        ensure!(policy.contains(feature), "{feature} in {policy}");
    }
    let mut digests = Vec::new();
    for pinned in [&emitted.pin.module, &emitted.pin.tools] {
        let script = http::get(&stage.kms, &pinned.path, &[]).await?;
        ensure!(script.one("Cache-Control")?.contains("immutable"));
        ensure!(script.one("Content-Type")?.starts_with("text/javascript"));
        let digest = Sha384::of(&script.body);
        ensure!(digest == pinned.integrity, "{} is the pinned one", pinned.path);
        digests.push(format!("'{digest}'"));
    }
    let embedders: Vec<_> =
        emitted.manifest.deployment.embedders.iter().map(ToString::to_string).collect();
    let expected = format!(
        "default-src 'none'; script-src {} 'wasm-unsafe-eval'; style-src 'none'; \
         worker-src blob:; connect-src 'none'; img-src data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors {}; require-trusted-types-for 'script'; \
         trusted-types kms; sandbox allow-scripts allow-same-origin allow-downloads",
        digests.join(" "),
        embedders.join(" ")
    );
    let policy = page.one("Content-Security-Policy")?;
    ensure!(policy == expected, "the policy is {policy}");
    Ok(())
}

async fn page_is_for_frames_only(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    for (destination, status) in [("document", 403), ("object", 403), ("iframe", 200)] {
        let answer = http::get(&stage.kms, "/", &[("Sec-Fetch-Dest", destination)]).await?;
        ensure!(answer.status == status, "{destination}: {}", answer.status);
    }
    let module = &stage.release.emitted.pin.module.path;
    for destination in ["worker", "sharedworker", "serviceworker"] {
        let answer = http::get(&stage.kms, module, &[("Sec-Fetch-Dest", destination)]).await?;
        ensure!(answer.status == 403, "{destination}: {}", answer.status);
    }
    let page = world.page()?;
    page.goto(&format!("{}/", stage.kms)).await?;
    let script = "return [document.scripts.length, origin];";
    ensure!(page.eval(script, &[]).await? == json!([0, "null"]), "a tab shows an inert refusal");
    Ok(())
}

/// What the frame can say of itself.
const FRAME_FACTS: &str = "
    const refuses = async (action) => { try { await action(); return false; } catch { return true; } };
    return {
        secure: isSecureContext,
        origin,
        element: window.frameElement === null,
        parent: await refuses(() => parent.document),
        fetch: await refuses(() => fetch('/')),
        service: await refuses(() => navigator.serviceWorker.register('/r.js')),
        inline: await refuses(() => { document.body.innerHTML = '<p>'; }),
        policy: await refuses(() => trustedTypes.createPolicy('other', {})),
        isolated: crossOriginIsolated,
        styles: document.styleSheets.length,
    };";

async fn frame_is_sandboxed_and_cross_site(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    Session::open(page, &stage).await?;
    let attributes =
        page.eval("return document.querySelector('iframe').getAttribute('sandbox');", &[]).await?;
    ensure!(attributes == "allow-scripts allow-same-origin allow-downloads");
    page.enter_enclave().await?;
    let facts = page.eval(FRAME_FACTS, &[]).await?;
    for fact in ["secure", "element", "parent", "fetch", "service", "inline", "policy"] {
        ensure!(facts[fact] == true, "{fact}: {facts}");
    }
    ensure!(facts["origin"] == stage.kms.as_str());
    // Document-Isolation-Policy exists in Chromium only; elsewhere the embedder decides.
    ensure!(facts["isolated"] == world.engine.enforces_pin(), "{facts}");
    Ok(())
}

/// Its own pins fit: what does not, or stands open, only the frame itself can find.
async fn what_does_not_fit_or_is_not_apart_does_not_start(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let emitted = &stage.release.emitted;
    let module = |old, new| remade(emitted, |module| replaced(module, old, new));
    let policy = |old, new| {
        let mut made = emitted.clone();
        let headers = &mut made.files.get_mut("/").context("page")?.headers;
        let policy = headers.value("Content-Security-Policy").context("policy")?;
        let policy = replaced(policy, old, new)?;
        headers.set("Content-Security-Policy", policy);
        anyhow::Ok(made)
    };
    let types = "require-trusted-types-for 'script'; trusted-types kms; ";
    for (made, refusal) in [
        (module("const WASM_TEXT = \"#", "const WASM_TEXT = \"$")?, "integrity_failure"),
        (module("// First in the worker", "// first in the worker")?, "integrity_failure"),
        (module("passkey: 'Passkey',", "passkey: '',")?, "integrity_failure"),
        (policy("connect-src 'none'", "connect-src *")?, "isolation_failure"),
        (policy(types, "script-src-attr 'none'; ")?, "isolation_failure"),
    ] {
        let (kms, _server) = serve_changed(&made, |_| ())?;
        stage.visit(world.page()?).await?;
        let open = json!({"op": "open", "kms": kms, "attributes": {}});
        let outcome = attack(world.page()?, "session", &open).await;
        let refused = outcome.err().context("it started")?.to_string();
        ensure!(refused.contains(refusal), "{refusal}: {refused}");
    }
    Ok(())
}

async fn worker_is_dedicated_and_closed(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    Session::open(page, &stage).await?;
    page.enter_enclave().await?;
    let facts = page.eval("return window.probeWorker('scope');", &[]).await?;
    ensure!(facts["kind"] == "DedicatedWorkerGlobalScope", "{facts}");
    ensure!(facts["secure"] == true && facts["origin"] == stage.kms.as_str(), "{facts}");
    ensure!(facts["scheme"] == "blob:", "{facts}");
    ensure!(facts["reachable"] == json!([]), "what loads or sends is gone: {facts}");
    ensure!(facts["frozen"] == true, "{facts}");
    // Fixed: it cannot grow, so it never moves and leaves no copy behind.
    ensure!(facts["grows"] == false, "{facts}");
    ensure!(facts["memory"].as_u64() <= Some(8 << 20), "{facts}");
    Ok(())
}

/// Reads every value of every store and tries to export each key in every format.
const EXPORT_EVERYTHING: &str = "
    const keys = [];
    const collect = (value, depth) => {
        if (value instanceof CryptoKey) keys.push(value);
        else if (typeof value === 'object' && value !== null && depth < 8) {
            for (const part of Object.values(value)) collect(part, depth + 1);
        }
    };
    const done = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
    let records = 0;
    // By name: WebKitGTK lists no databases to a frame whose storage is partitioned.
    const database = await done(indexedDB.open('ats-kms'));
    for (const store of database.objectStoreNames) {
        const values = await done(database.transaction(store).objectStore(store).getAll());
        records += values.length;
        for (const value of values) collect(value, 0);
    }
    database.close();
    const exported = [];
    for (const key of keys) {
        for (const format of ['raw', 'pkcs8', 'jwk', 'spki']) {
            await crypto.subtle.exportKey(format, key).then(() => exported.push(format), () => {});
        }
    }
    return { records, keys: keys.length, extractable: keys.filter((key) => key.extractable).length, exported };";

async fn stored_keys_do_not_export(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    for spec in ["ed25519", "ec-p256"] {
        let key = session.call("keys.create", json!({"spec": spec})).await?;
        let data = json!({"keyId": key["keyId"], "data": {"bytes": "AAAA"}});
        session.call("sign", data).await?;
    }
    page.enter_enclave().await?;
    let found = page.eval(EXPORT_EVERYTHING, &[]).await?;
    ensure!(found["keys"].as_u64() >= Some(1), "at least the device key is stored: {found}");
    ensure!(found["records"].as_u64() >= Some(4), "header, keys, log: {found}");
    ensure!(found["extractable"] == 0 && found["exported"] == json!([]), "{found}");
    Ok(())
}

/// What the frame's origin has stored outside its database; nothing is there to be found that the
/// engine does not let a frame keep.
const KEPT: &str = "
    const kept = [];
    for (const name of ['localStorage', 'sessionStorage']) {
        kept.push(...Object.keys(window[name]).map((key) => `${name} ${key}`));
    }
    if (document.cookie !== '') kept.push(`cookie ${document.cookie}`);
    const names = 'caches' in self ? await caches.keys() : [];
    kept.push(...names.map((name) => `cache ${name}`));
    // WebKitGTK lists none to a frame whose storage is partitioned.
    const databases = (await indexedDB.databases()).map(({ name }) => name);
    kept.push(...databases.filter((name) => name !== 'ats-kms').map((name) => `database ${name}`));
    return kept;";

/// Keeps something in each of the places.
const KEEP: &str = "
    localStorage.setItem('local', 1);
    sessionStorage.setItem('session', 1);
    document.cookie = 'biscuit=1; SameSite=None; Secure; Partitioned';
    if ('caches' in self) await caches.open('cached');
    await new Promise((resolve, reject) => {
        const request = indexedDB.open('other');
        request.onsuccess = () => resolve(request.result.close());
        request.onerror = () => reject(request.error);
    });";

/// And lets go of it: the engine goes on to other scenarios.
const LET_GO: &str = "
    localStorage.clear();
    sessionStorage.clear();
    document.cookie = 'biscuit=; SameSite=None; Secure; Partitioned; Max-Age=0';
    if ('caches' in self) await caches.delete('cached');
    indexedDB.deleteDatabase('other');";

async fn nothing_but_one_database_is_kept(world: &mut World) -> Result<()> {
    let stage = world.stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    use_everything(&session).await?;
    session.lock().await?;
    session.unlock().await?;
    page.enter_enclave().await?;
    let found = page.eval(KEPT, &[]).await?;
    ensure!(found == json!([]), "more is kept: {found}");
    // The positive control, as far as an engine lets a frame keep anything.
    page.eval(KEEP, &[]).await?;
    let found = page.eval(KEPT, &[]).await?.to_string();
    for kept in ["localStorage local", "sessionStorage session", "cache cached"] {
        ensure!(found.contains(kept), "{kept} is not found: {found}");
    }
    page.eval(LET_GO, &[]).await?;
    Ok(())
}

/// The first bytes of a PKCS#8 private key (RFC 5958): Ed25519 (RFC 8410), P-256 (RFC 5915).
const PRIVATE_KEYS: &[&[u8]] = &[
    b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20",
    b"\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
    b"\x02\x01\x01\x04\x20",
];

async fn no_message_holds_a_key(world: &mut World) -> Result<()> {
    let stage = world.probe_stage()?;
    let page = world.page()?;
    let session = Session::unlocked(page, &stage).await?;
    use_everything(&session).await?;
    let recorded = session.recorded().await?;
    let mut blobs = Vec::new();
    collect_bytes(&recorded, &mut blobs)?;
    ensure!(blobs.len() >= 4, "signatures and public keys were recorded");
    let text = recorded.to_string();
    ensure!(!text.contains("\"d\":"), "a private JWK was sent");
    for blob in &blobs {
        let hit = PRIVATE_KEYS.iter().any(|start| contains(blob, start));
        ensure!(!hit, "a PKCS#8 private key was sent");
    }
    // Secrets may also hide in text, in whatever encoding: the worker knows what to look for.
    let all = [blobs.concat(), text.into_bytes()].concat();
    page.enter_enclave().await?;
    let script = "return window.probeWorker('search', Uint8Array.from($0));";
    let found = page.eval(script, &[json!(all)]).await?;
    ensure!(found["needles"].as_u64() >= Some(4), "the probe knows secrets: {found}");
    ensure!(found["found"] == json!([]), "secrets left the enclave: {found}");
    Ok(())
}

/// Calls methods that make, describe and use keys, and that tell of the vault; not all there are.
async fn use_everything(session: &Session<'_>) -> Result<()> {
    for spec in ["ed25519", "ec-p256"] {
        let key = session.call("keys.create", json!({"spec": spec})).await?;
        let id = &key["keyId"];
        session.call("keys.describe", json!({"keyId": id})).await?;
        session.call("keys.public_key", json!({"keyId": id})).await?;
        let data = json!({"bytes": "aGVsbG8="});
        let signed = session.call("sign", json!({"keyId": id, "data": data})).await?;
        let check = json!({"keyId": id, "data": data, "signature": signed["signature"]});
        ensure!(session.call("verify", check).await?["valid"] == true);
    }
    for method in ["keys.list", "audit.list", "audit.verify", "vault.status"] {
        session.call(method, json!({})).await?;
    }
    let nonce = json!({"nonce": "A".repeat(22)});
    session.call("enclave.measurement", nonce).await?;
    Ok(())
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

fn collect_bytes(value: &Value, into: &mut Vec<Vec<u8>>) -> Result<()> {
    match value {
        Value::Object(fields) => match fields.get("bytes").and_then(Value::as_str) {
            Some(text) => into.push(crate::session::from_base64(text)?),
            None => fields.values().try_for_each(|field| collect_bytes(field, into))?,
        },
        Value::Array(items) => items.iter().try_for_each(|item| collect_bytes(item, into))?,
        _ => {}
    }
    Ok(())
}
