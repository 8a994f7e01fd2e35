// Generated from crates/protocol by `cargo xtask codegen`. Do not edit.
import type { Methods } from '../src/protocol.gen.js';

({  }) satisfies Methods['rpc.ping']['params'];

({  }) satisfies Methods['rpc.ping']['result'];

({ 'nonce': "AAECAwQFBgcICQoLDA0ODw" }) satisfies Methods['enclave.measurement']['params'];

({ 'nonce': "AAECAwQFBgcICQoLDA0ODw", 'release': "text", 'digests': { 'worker': "text", 'wasm': "text" } }) satisfies Methods['enclave.measurement']['result'];

({ 'manifest': new Uint8Array([97, 116, 115]), 'statement': new Uint8Array([97, 116, 115]), 'successor': new Uint8Array([97, 116, 115]) }) satisfies Methods['enclave.notice']['params'];

({ 'standing': "unknown" }) satisfies Methods['enclave.notice']['result'];

({  }) satisfies Methods['vault.status']['params'];

({ 'state': "uninitialized", 'enrolments': [{ 'id': "AAECAwQFBgcICQoLDA0ODw", 'kind': "passphrase", 'label': "Push notifications", 'created': 1763769600000, 'lastUsed': 1763769600000 }], 'protection': { 'ed25519': "browser", 'ec-p256': "browser", 'x25519': "browser", 'ec-p256-agreement': "browser", 'aes-256': "browser", 'hmac-sha256': "browser", 'hpke-x25519': "browser", 'hpke-x-wing': "browser" }, 'autoLock': { 'idleMs': 1, 'absoluteMs': 1 }, 'storage': { 'persisted': true, 'partitioned': true, 'usage': 1763769600000, 'quota': 1763769600000 }, 'backup': { 'lastBackup': 1763769600000, 'lastDrill': 1763769600000 }, 'audit': { 'count': 1763769600000, 'checked': 1763769600000 }, 'release': "text" }) satisfies Methods['vault.status']['result'];

({  }) satisfies Methods['vault.setup']['params'];

({ 'state': "uninitialized", 'enrolments': [{ 'id': "AAECAwQFBgcICQoLDA0ODw", 'kind': "passphrase", 'label': "Push notifications", 'created': 1763769600000, 'lastUsed': 1763769600000 }], 'protection': { 'ed25519': "browser", 'ec-p256': "browser", 'x25519': "browser", 'ec-p256-agreement': "browser", 'aes-256': "browser", 'hmac-sha256': "browser", 'hpke-x25519': "browser", 'hpke-x-wing': "browser" }, 'autoLock': { 'idleMs': 1, 'absoluteMs': 1 }, 'storage': { 'persisted': true, 'partitioned': true, 'usage': 1763769600000, 'quota': 1763769600000 }, 'backup': { 'lastBackup': 1763769600000, 'lastDrill': 1763769600000 }, 'audit': { 'count': 1763769600000, 'checked': 1763769600000 }, 'release': "text" }) satisfies Methods['vault.setup']['result'];

({  }) satisfies Methods['vault.unlock']['params'];

({ 'state': "uninitialized", 'enrolments': [{ 'id': "AAECAwQFBgcICQoLDA0ODw", 'kind': "passphrase", 'label': "Push notifications", 'created': 1763769600000, 'lastUsed': 1763769600000 }], 'protection': { 'ed25519': "browser", 'ec-p256': "browser", 'x25519': "browser", 'ec-p256-agreement': "browser", 'aes-256': "browser", 'hmac-sha256': "browser", 'hpke-x25519': "browser", 'hpke-x-wing': "browser" }, 'autoLock': { 'idleMs': 1, 'absoluteMs': 1 }, 'storage': { 'persisted': true, 'partitioned': true, 'usage': 1763769600000, 'quota': 1763769600000 }, 'backup': { 'lastBackup': 1763769600000, 'lastDrill': 1763769600000 }, 'audit': { 'count': 1763769600000, 'checked': 1763769600000 }, 'release': "text" }) satisfies Methods['vault.unlock']['result'];

({  }) satisfies Methods['vault.manage']['params'];

({ 'state': "uninitialized", 'enrolments': [{ 'id': "AAECAwQFBgcICQoLDA0ODw", 'kind': "passphrase", 'label': "Push notifications", 'created': 1763769600000, 'lastUsed': 1763769600000 }], 'protection': { 'ed25519': "browser", 'ec-p256': "browser", 'x25519': "browser", 'ec-p256-agreement': "browser", 'aes-256': "browser", 'hmac-sha256': "browser", 'hpke-x25519': "browser", 'hpke-x-wing': "browser" }, 'autoLock': { 'idleMs': 1, 'absoluteMs': 1 }, 'storage': { 'persisted': true, 'partitioned': true, 'usage': 1763769600000, 'quota': 1763769600000 }, 'backup': { 'lastBackup': 1763769600000, 'lastDrill': 1763769600000 }, 'audit': { 'count': 1763769600000, 'checked': 1763769600000 }, 'release': "text" }) satisfies Methods['vault.manage']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw" }) satisfies Methods['keys.manage']['params'];

({ 'state': "uninitialized", 'enrolments': [{ 'id': "AAECAwQFBgcICQoLDA0ODw", 'kind': "passphrase", 'label': "Push notifications", 'created': 1763769600000, 'lastUsed': 1763769600000 }], 'protection': { 'ed25519': "browser", 'ec-p256': "browser", 'x25519': "browser", 'ec-p256-agreement': "browser", 'aes-256': "browser", 'hmac-sha256': "browser", 'hpke-x25519': "browser", 'hpke-x-wing': "browser" }, 'autoLock': { 'idleMs': 1, 'absoluteMs': 1 }, 'storage': { 'persisted': true, 'partitioned': true, 'usage': 1763769600000, 'quota': 1763769600000 }, 'backup': { 'lastBackup': 1763769600000, 'lastDrill': 1763769600000 }, 'audit': { 'count': 1763769600000, 'checked': 1763769600000 }, 'release': "text" }) satisfies Methods['keys.manage']['result'];

({  }) satisfies Methods['vault.backup']['params'];

({ 'state': "uninitialized", 'enrolments': [{ 'id': "AAECAwQFBgcICQoLDA0ODw", 'kind': "passphrase", 'label': "Push notifications", 'created': 1763769600000, 'lastUsed': 1763769600000 }], 'protection': { 'ed25519': "browser", 'ec-p256': "browser", 'x25519': "browser", 'ec-p256-agreement': "browser", 'aes-256': "browser", 'hmac-sha256': "browser", 'hpke-x25519': "browser", 'hpke-x-wing': "browser" }, 'autoLock': { 'idleMs': 1, 'absoluteMs': 1 }, 'storage': { 'persisted': true, 'partitioned': true, 'usage': 1763769600000, 'quota': 1763769600000 }, 'backup': { 'lastBackup': 1763769600000, 'lastDrill': 1763769600000 }, 'audit': { 'count': 1763769600000, 'checked': 1763769600000 }, 'release': "text" }) satisfies Methods['vault.backup']['result'];

({  }) satisfies Methods['vault.restore']['params'];

({ 'state': "uninitialized", 'enrolments': [{ 'id': "AAECAwQFBgcICQoLDA0ODw", 'kind': "passphrase", 'label': "Push notifications", 'created': 1763769600000, 'lastUsed': 1763769600000 }], 'protection': { 'ed25519': "browser", 'ec-p256': "browser", 'x25519': "browser", 'ec-p256-agreement': "browser", 'aes-256': "browser", 'hmac-sha256': "browser", 'hpke-x25519': "browser", 'hpke-x-wing': "browser" }, 'autoLock': { 'idleMs': 1, 'absoluteMs': 1 }, 'storage': { 'persisted': true, 'partitioned': true, 'usage': 1763769600000, 'quota': 1763769600000 }, 'backup': { 'lastBackup': 1763769600000, 'lastDrill': 1763769600000 }, 'audit': { 'count': 1763769600000, 'checked': 1763769600000 }, 'release': "text" }) satisfies Methods['vault.restore']['result'];

({  }) satisfies Methods['vault.reset']['params'];

({ 'state': "uninitialized", 'enrolments': [{ 'id': "AAECAwQFBgcICQoLDA0ODw", 'kind': "passphrase", 'label': "Push notifications", 'created': 1763769600000, 'lastUsed': 1763769600000 }], 'protection': { 'ed25519': "browser", 'ec-p256': "browser", 'x25519': "browser", 'ec-p256-agreement': "browser", 'aes-256': "browser", 'hmac-sha256': "browser", 'hpke-x25519': "browser", 'hpke-x-wing': "browser" }, 'autoLock': { 'idleMs': 1, 'absoluteMs': 1 }, 'storage': { 'persisted': true, 'partitioned': true, 'usage': 1763769600000, 'quota': 1763769600000 }, 'backup': { 'lastBackup': 1763769600000, 'lastDrill': 1763769600000 }, 'audit': { 'count': 1763769600000, 'checked': 1763769600000 }, 'release': "text" }) satisfies Methods['vault.reset']['result'];

({  }) satisfies Methods['vault.lock']['params'];

({  }) satisfies Methods['vault.lock']['result'];

({  }) satisfies Methods['ui.dismiss']['params'];

({  }) satisfies Methods['ui.dismiss']['result'];

({ 'spec': "ed25519", 'label': "Push notifications", 'alias': "push/signing", 'audit': "durable", 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } } }) satisfies Methods['keys.create']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.create']['result'];

({ 'cursor': "AAECAwQFBgcICQoLDA0ODw", 'limit': 1, 'spec': "ed25519", 'state': "enabled", 'aliasPrefix': "push/signing" }) satisfies Methods['keys.list']['params'];

({ 'keys': [{ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }], 'next': "AAECAwQFBgcICQoLDA0ODw", 'unreadable': 1 }) satisfies Methods['keys.list']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw" }) satisfies Methods['keys.describe']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.describe']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'version': 1 }) satisfies Methods['keys.public_key']['params'];

({ 'jwk': { 'kty': "text", 'crv': "text", 'x': "text", 'y': "text", 'kid': "text", 'alg': "text", 'use': "text" }, 'spki': new Uint8Array([97, 116, 115]), 'pem': "text", 'raw': new Uint8Array([97, 116, 115]) }) satisfies Methods['keys.public_key']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'label': "Push notifications", 'alias': "push/signing" }) satisfies Methods['keys.update']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.update']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw" }) satisfies Methods['keys.rotate']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.rotate']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'minDecryptionVersion': 1, 'minEncryptionVersion': 1 }) satisfies Methods['keys.set_min_versions']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.set_min_versions']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'minAvailableVersion': 1 }) satisfies Methods['keys.trim']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.trim']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw" }) satisfies Methods['keys.enable']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.enable']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw" }) satisfies Methods['keys.disable']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.disable']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'days': 1 }) satisfies Methods['keys.schedule_deletion']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.schedule_deletion']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw" }) satisfies Methods['keys.cancel_deletion']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.cancel_deletion']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'data': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['sign']['params'];

({ 'signature': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['sign']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'claims': { 'scope': "read" }, 'lifeSeconds': 1, 'version': 1 }) satisfies Methods['jwt.sign']['params'];

({ 'token': "text", 'expires': 1763769600000, 'version': 1 }) satisfies Methods['jwt.sign']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'token': "e30.e30.AA" }) satisfies Methods['jwt.verify']['params'];

({ 'valid': true }) satisfies Methods['jwt.verify']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'data': new Uint8Array([97, 116, 115]), 'signature': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['verify']['params'];

({ 'valid': true }) satisfies Methods['verify']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'plaintext': new Uint8Array([97, 116, 115]), 'context': { 'purpose': "drafts", 'user': "7" }, 'version': 1 }) satisfies Methods['encrypt']['params'];

({ 'ciphertext': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['encrypt']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'ciphertext': new Uint8Array([97, 116, 115]), 'context': { 'purpose': "drafts", 'user': "7" } }) satisfies Methods['decrypt']['params'];

({ 'plaintext': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['decrypt']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'ciphertext': new Uint8Array([97, 116, 115]), 'context': { 'purpose': "drafts", 'user': "7" } }) satisfies Methods['rewrap']['params'];

({ 'ciphertext': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['rewrap']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'context': { 'purpose': "drafts", 'user': "7" }, 'version': 1 }) satisfies Methods['streams.encrypt']['params'];

({ 'streamId': "AAECAwQFBgcICQoLDA0ODw", 'header': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['streams.encrypt']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'header': new Uint8Array([97, 116, 115]), 'context': { 'purpose': "drafts", 'user': "7" } }) satisfies Methods['streams.decrypt']['params'];

({ 'streamId': "AAECAwQFBgcICQoLDA0ODw", 'version': 1 }) satisfies Methods['streams.decrypt']['result'];

({ 'streamId': "AAECAwQFBgcICQoLDA0ODw", 'chunk': 1, 'data': new Uint8Array([97, 116, 115]), 'last': true }) satisfies Methods['streams.write']['params'];

({ 'data': new Uint8Array([97, 116, 115]) }) satisfies Methods['streams.write']['result'];

({ 'streamId': "AAECAwQFBgcICQoLDA0ODw" }) satisfies Methods['streams.close']['params'];

({  }) satisfies Methods['streams.close']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'data': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['mac']['params'];

({ 'mac': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['mac']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'data': new Uint8Array([97, 116, 115]), 'mac': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['verify_mac']['params'];

({ 'valid': true }) satisfies Methods['verify_mac']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'context': { 'purpose': "drafts", 'user': "7" }, 'withPlaintext': true }) satisfies Methods['data_keys.generate']['params'];

({ 'wrapped': new Uint8Array([97, 116, 115]), 'plaintext': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['data_keys.generate']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'wrapped': new Uint8Array([97, 116, 115]), 'context': { 'purpose': "drafts", 'user': "7" } }) satisfies Methods['data_keys.decrypt']['params'];

({ 'plaintext': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['data_keys.decrypt']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'plaintext': new Uint8Array([97, 116, 115]), 'context': { 'purpose': "drafts", 'user': "7" }, 'version': 1 }) satisfies Methods['seal']['params'];

({ 'sealed': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['seal']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'sealed': new Uint8Array([97, 116, 115]), 'context': { 'purpose': "drafts", 'user': "7" }, 'version': 1 }) satisfies Methods['open']['params'];

({ 'plaintext': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['open']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'peer': new Uint8Array([97, 116, 115]), 'context': { 'purpose': "drafts", 'user': "7" }, 'version': 1, 'key': { 'spec': "ed25519", 'label': "Push notifications", 'alias': "push/signing", 'audit': "durable", 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } } } }) satisfies Methods['keys.agree']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.agree']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'context': { 'purpose': "drafts", 'user': "7" }, 'version': 1, 'key': { 'spec': "ed25519", 'label': "Push notifications", 'alias': "push/signing", 'audit': "durable", 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } } } }) satisfies Methods['keys.derive']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.derive']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'targetKeyId': "AAECAwQFBgcICQoLDA0ODw", 'context': { 'purpose': "drafts", 'user': "7" } }) satisfies Methods['keys.wrap']['params'];

({ 'wrapped': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['keys.wrap']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'wrapped': new Uint8Array([97, 116, 115]), 'context': { 'purpose': "drafts", 'user': "7" }, 'key': { 'spec': "ed25519", 'label': "Push notifications", 'alias': "push/signing", 'audit': "durable", 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } } } }) satisfies Methods['keys.unwrap']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.unwrap']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'recipient': new Uint8Array([97, 116, 115]), 'context': { 'purpose': "drafts", 'user': "7" }, 'version': 1 }) satisfies Methods['keys.export']['params'];

({ 'sealed': new Uint8Array([97, 116, 115]), 'version': 1 }) satisfies Methods['keys.export']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'sealed': new Uint8Array([97, 116, 115]), 'context': { 'purpose': "drafts", 'user': "7" }, 'version': 1, 'key': { 'spec': "ed25519", 'label': "Push notifications", 'alias': "push/signing", 'audit': "durable", 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } } } }) satisfies Methods['keys.import']['params'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'kid': "text", 'spec': "ed25519", 'version': 1, 'minDecryptionVersion': 1, 'minEncryptionVersion': 1, 'versions': [{ 'version': 1, 'kid': "text", 'created': 1763769600000, 'protection': "browser" }], 'state': "enabled", 'deletionDate': 1763769600000, 'origin': "generated", 'protection': "browser", 'usage': ["sign"], 'label': "Push notifications", 'alias': "push/signing", 'created': 1763769600000, 'audit': "durable", 'callerOrigins': ["https://allthe.services"], 'policy': { 'operations': ["sign"], 'callerOrigins': ["https://allthe.services"], 'notBefore': 1763769600000, 'notAfter': 1763769600000, 'maxUses': 1763769600000, 'rate': { 'uses': 1, 'periodMs': 1763769600000 }, 'confirmation': "none", 'jwt': { 'typ': "JWT", 'audiences': ["https://api.example"], 'maxLifeSeconds': 1, 'claims': { 'scope': "text" }, 'required': ["scope"], 'fixed': { 'scope': "https://issuer.example" }, 'notBefore': true, 'tokenId': true } }, 'uses': 1763769600000 }) satisfies Methods['keys.import']['result'];

({ 'length': 1 }) satisfies Methods['random']['params'];

({ 'bytes': new Uint8Array([97, 116, 115]) }) satisfies Methods['random']['result'];

({ 'p256dh': new Uint8Array([97, 116, 115]), 'auth': new Uint8Array([97, 116, 115]), 'payload': new Uint8Array([97, 116, 115]), 'paddedLength': 1 }) satisfies Methods['webpush.encrypt']['params'];

({ 'body': new Uint8Array([97, 116, 115]) }) satisfies Methods['webpush.encrypt']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'audiences': ["https://push.example"], 'lifeMs': 1, 'tokens': 1, 'contact': "https://app.example/contact" }) satisfies Methods['vapid.create_lease']['params'];

({ 'leaseId': "AAECAwQFBgcICQoLDA0ODw", 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'audiences': ["https://push.example"], 'contact': "https://app.example/contact", 'created': 1763769600000, 'ends': 1763769600000, 'tokens': 1, 'used': 1 }) satisfies Methods['vapid.create_lease']['result'];

({ 'leaseId': "AAECAwQFBgcICQoLDA0ODw", 'audience': "https://push.example" }) satisfies Methods['vapid.issue_token']['params'];

({ 'token': "text", 'authorization': "text", 'expires': 1763769600000 }) satisfies Methods['vapid.issue_token']['result'];

({  }) satisfies Methods['leases.list']['params'];

({ 'leases': [{ 'leaseId': "AAECAwQFBgcICQoLDA0ODw", 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'audiences': ["https://push.example"], 'contact': "https://app.example/contact", 'created': 1763769600000, 'ends': 1763769600000, 'tokens': 1, 'used': 1 }] }) satisfies Methods['leases.list']['result'];

({ 'leaseId': "AAECAwQFBgcICQoLDA0ODw", 'lifeMs': 1, 'tokens': 1 }) satisfies Methods['leases.extend']['params'];

({ 'leaseId': "AAECAwQFBgcICQoLDA0ODw", 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'audiences': ["https://push.example"], 'contact': "https://app.example/contact", 'created': 1763769600000, 'ends': 1763769600000, 'tokens': 1, 'used': 1 }) satisfies Methods['leases.extend']['result'];

({ 'leaseId': "AAECAwQFBgcICQoLDA0ODw" }) satisfies Methods['leases.revoke']['params'];

({  }) satisfies Methods['leases.revoke']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'challenge': "text", 'first': "text", 'log': { 'key': "text", 'checkpoint': "text", 'since': 1763769600000, 'proof': [new Uint8Array([97, 116, 115])] }, 'lifeSeconds': 1, 'version': 1 }) satisfies Methods['poa.approve']['params'];

({ 'kind': "approval", 'signed': "text", 'expires': 1763769600000, 'version': 1 }) satisfies Methods['poa.approve']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'challenge': "text", 'audience': "text", 'version': 1 }) satisfies Methods['poa.reject']['params'];

({ 'statement': "text", 'version': 1 }) satisfies Methods['poa.reject']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'audience': "text", 'what': "token", 'value': "text", 'version': 1 }) satisfies Methods['poa.revoke']['params'];

({ 'statement': "text", 'version': 1 }) satisfies Methods['poa.revoke']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'audience': "text", 'version': 1 }) satisfies Methods['poa.rotate']['params'];

({ 'statement': "text", 'version': 1 }) satisfies Methods['poa.rotate']['result'];

({ 'keyId': "AAECAwQFBgcICQoLDA0ODw" }) satisfies Methods['poa.log']['params'];

({ 'seen': { 'key': "text", 'size': 1763769600000, 'root': new Uint8Array([97, 116, 115]) } }) satisfies Methods['poa.log']['result'];

({ 'from': 1763769600000, 'limit': 1 }) satisfies Methods['audit.list']['params'];

({ 'entries': [{ 'seq': 1763769600000, 'time': 1763769600000, 'method': "text", 'keyId': "AAECAwQFBgcICQoLDA0ODw", 'callerOrigin': "https://allthe.services", 'outcome': "text", 'authorization': { 'token': "text", 'challenge': "text", 'digest': "text", 'statement': "text" }, 'hash': new Uint8Array([97, 116, 115]), 'leaf': new Uint8Array([97, 116, 115]) }], 'checkpoint': { 'count': 1763769600000, 'root': new Uint8Array([97, 116, 115]) } }) satisfies Methods['audit.list']['result'];

({  }) satisfies Methods['audit.verify']['params'];

({ 'count': 1763769600000, 'root': new Uint8Array([97, 116, 115]) }) satisfies Methods['audit.verify']['result'];

({  }) satisfies Methods['audit.checkpoint']['params'];

({ 'note': "text", 'verifierKey': "text" }) satisfies Methods['audit.checkpoint']['result'];

({ 'seq': 1763769600000, 'size': 1763769600000 }) satisfies Methods['audit.prove_inclusion']['params'];

({ 'seq': 1763769600000, 'size': 1763769600000, 'hashes': [new Uint8Array([97, 116, 115])] }) satisfies Methods['audit.prove_inclusion']['result'];

({ 'from': 1763769600000, 'to': 1763769600000 }) satisfies Methods['audit.prove_consistency']['params'];

({ 'from': 1763769600000, 'to': 1763769600000, 'hashes': [new Uint8Array([97, 116, 115])] }) satisfies Methods['audit.prove_consistency']['result'];
