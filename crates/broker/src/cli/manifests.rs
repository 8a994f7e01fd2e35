//! Objects of Kubernetes, made from the definition of the command line and from a configuration: what
//! neither of them has cannot stand in there.

use std::collections::BTreeSet;
use std::path::Path;

use clap::{CommandFactory, Parser};
use kms_broker::Error;
use kms_broker::config::{Config, Role, StateRule};
use serde_json::{Map, Value, json};

use super::args::{Cli, ManifestArgs};
use super::print;

const NAME: &str = "kms-broker";
const USER: u32 = 65_532;
const PORT: u16 = 8443;
const RBAC: &str = "rbac.authorization.k8s.io/v1";
/// Label of pods that may connect to the broker.
const CLIENT: &str = "kms-broker-client";
/// Where things are in the container, by the argument that names them.
const PLACES: [(&str, &str); 6] = [
    ("config", "/config/broker.json"),
    ("state", "/state"),
    ("svid_cert", "/svid/tls.crt"),
    ("svid_key", "/svid/tls.key"),
    ("bundle", "/svid/ca.crt"),
    ("listen", "0.0.0.0:8443"),
];

/// Prints one list with everything.
pub(super) fn write(args: &ManifestArgs) -> Result<(), Error> {
    print(&list(args)?)
}

fn list(args: &ManifestArgs) -> Result<Value, Error> {
    let config = Config::read(&args.config)?;
    if !args.image.contains("@sha256:") {
        let text = format!("{} can change: name the image by its digest", args.image);
        return Err(Error::Config(text));
    }
    let id = config.id()?;
    if !matches!(config.role(&id), Some(Role::Scraper | Role::Admin)) {
        return Err(Error::Config(
            "the broker's own id needs the role `scraper`, to probe itself".into(),
        ));
    }
    let about = |kind: &str, version: &str, rest: Value| {
        let mut object = json!({
            "apiVersion": version,
            "kind": kind,
            "metadata": { "name": NAME, "namespace": args.namespace, "labels": { "app": NAME } },
        });
        if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
            object.extend(rest);
        }
        object
    };
    let items = [
        about("ServiceAccount", "v1", json!({ "automountServiceAccountToken": false })),
        about("Role", RBAC, json!({ "rules": [certificates()] })),
        about("RoleBinding", RBAC, binding(&args.namespace)),
        about("ConfigMap", "v1", json!({ "data": files(&config, &args.config)? })),
        about("Service", "v1", json!({ "spec": service() })),
        about("StatefulSet", "apps/v1", json!({ "spec": set(&config, &args.image)? })),
        about("NetworkPolicy", "networking.k8s.io/v1", json!({ "spec": network(&config)? })),
    ];
    Ok(json!({ "apiVersion": "v1", "kind": "List", "items": items }))
}

/// The configuration and the file that it names, as they are mounted in one folder.
fn files(config: &Config, path: &Path) -> Result<Value, Error> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| Error::file(path, error)).map(Value::from)
    };
    let mut files = Map::from_iter([("broker.json".to_owned(), read(path)?)]);
    if let Some((name, _)) = config.rego() {
        files.insert(name.to_owned(), read(&path.with_file_name(name))?);
    }
    Ok(Value::Object(files))
}

/// All that its account may: have its certificates made, by the driver of the volume.
fn certificates() -> Value {
    json!({
        "apiGroups": ["cert-manager.io"],
        "resources": ["certificaterequests"],
        "verbs": ["create"],
    })
}

fn binding(namespace: &str) -> Value {
    let group = "rbac.authorization.k8s.io";
    json!({
        "roleRef": { "apiGroup": group, "kind": "Role", "name": NAME },
        "subjects": [{ "kind": "ServiceAccount", "name": NAME, "namespace": namespace }],
    })
}

fn service() -> Value {
    let port = json!({ "name": "mtls", "port": PORT, "targetPort": "mtls" });
    json!({ "selector": { "app": NAME }, "ports": [port] })
}

/// What brokers that share a log have from a `Secret`, in the folder that is each one's own.
const KEYS: [&str; 3] = ["log.key", "seal.key", "postgres.password"];

/// How many brokers: one has its log in a file.
fn replicas(config: &Config) -> u8 {
    match config.state {
        StateRule::File => 1,
        StateRule::Postgres(_) => 3,
    }
}

fn set(config: &Config, image: &str) -> Result<Value, Error> {
    let svid = json!({
        "name": "svid",
        "csi": {
            "driver": "spiffe.csi.cert-manager.io",
            "readOnly": true,
            "volumeAttributes": { "spiffe.csi.cert-manager.io/fs-group": USER.to_string() },
        },
    });
    let mut volumes = vec![json!({ "name": "config", "configMap": { "name": NAME } }), svid];
    if replicas(config) > 1 {
        volumes.push(json!({ "name": "keys", "secret": { "secretName": NAME } }));
    }
    let pod = json!({
        "serviceAccountName": NAME,
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "securityContext": {
            "runAsNonRoot": true,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "containers": [container(config, image)?],
        "volumes": volumes,
    });
    let claim = json!({
        "metadata": { "name": "state" },
        "spec": {
            "accessModes": ["ReadWriteOncePod"],
            "resources": { "requests": { "storage": "10Gi" } },
        },
    });
    Ok(json!({
        "replicas": replicas(config),
        "serviceName": NAME,
        "selector": { "matchLabels": { "app": NAME } },
        "template": { "metadata": { "labels": { "app": NAME } }, "spec": pod },
        "volumeClaimTemplates": [claim],
    }))
}

fn container(config: &Config, image: &str) -> Result<Value, Error> {
    let id = config.id()?.to_string();
    let itself = format!("127.0.0.1:{PORT}");
    let probed = [("broker", &*itself), ("broker_id", &id), ("id", &id)];
    let mut probe = vec![format!("/{NAME}")];
    probe.extend(arguments("healthcheck", &probed)?);
    let probe = |every: u32| json!({ "exec": { "command": probe }, "periodSeconds": every });
    let mount = |name: &str, read_only: bool| json!({ "name": name, "mountPath": format!("/{name}"), "readOnly": read_only });
    let mut mounts = vec![mount("config", true), mount("svid", true), mount("state", false)];
    if replicas(config) > 1 {
        mounts.extend(KEYS.map(|key| {
            let path = format!("/state/{key}");
            json!({ "name": "keys", "mountPath": path, "subPath": key, "readOnly": true })
        }));
    }
    Ok(json!({
        "name": NAME,
        "image": image,
        "args": arguments("serve", &[])?,
        "ports": [{ "name": "mtls", "containerPort": PORT }],
        "readinessProbe": probe(10),
        "livenessProbe": probe(30),
        "resources": { "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "memory": "512Mi" } },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
            "capabilities": { "drop": ["ALL"] },
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "volumeMounts": mounts,
    }))
}

/// In: pods with the label. Out: names of hosts, and the ports of the configuration, in the cluster.
fn network(config: &Config) -> Result<Value, Error> {
    let port = |(protocol, port): (&str, u16)| json!({ "protocol": protocol, "port": port });
    let all = json!({ "namespaceSelector": {} });
    let clients = json!({
        "namespaceSelector": {},
        "podSelector": { "matchLabels": { CLIENT: "true" } },
    });
    let mut outward = vec![json!({
        "to": [{
            "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": "kube-system" } },
        }],
        "ports": [port(("UDP", 53)), port(("TCP", 53))],
    })];
    let ports: BTreeSet<_> = config.egress_ports()?;
    if !ports.is_empty() {
        let ports: Vec<_> = ports.into_iter().map(|number| port(("TCP", number))).collect();
        outward.push(json!({ "to": [all], "ports": ports }));
    }
    Ok(json!({
        "podSelector": { "matchLabels": { "app": NAME } },
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{ "from": [clients], "ports": [port(("TCP", PORT))] }],
        "egress": outward,
    }))
}

/// A command and its arguments: all that it must have, those of [`PLACES`] that it knows, and `more`.
fn arguments(name: &str, more: &[(&str, &str)]) -> Result<Vec<String>, Error> {
    let wrong = |text: String| Error::Config(format!("{name}: {text}"));
    let program = Cli::command();
    let command = program.find_subcommand(name).ok_or_else(|| wrong("no such command".into()))?;
    let mut line = vec![name.to_owned()];
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        let value = more.iter().chain(&PLACES).find(|(known, _)| *known == id);
        match (value, argument.get_long()) {
            (Some((_, value)), Some(long)) => line.push(format!("--{long}={value}")),
            _ if argument.is_required_set() => return Err(wrong(format!("no value for {id}"))),
            _ => {}
        }
    }
    let program = [NAME.to_owned()];
    Cli::try_parse_from(program.iter().chain(&line)).map_err(|error| wrong(error.to_string()))?;
    Ok(line)
}
