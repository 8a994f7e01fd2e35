
            let wasm_bindgen = (function(exports) {
            let script_src;
            if (typeof document !== 'undefined' && document.currentScript !== null) {
                script_src = new URL(document.currentScript.src, location.href).toString();
            }
            
/**
 * The enclave of this worker.
 */
class Enclave {
__destroy_into_raw() {
                const ptr = this.__wbg_ptr;
this.__wbg_ptr = 0;
EnclaveFinalization.unregister(this);
return ptr;
            }
            free() {
                const ptr = this.__destroy_into_raw();
                wasm.__wbg_enclave_free(ptr, 0);
            }
            /**
 * Binds the port of a page whose origin the frame has verified.
 * @param {string} origin
 * @param {string} nonce
 * @param {number} version
 * @param {any} port
 */
connect(origin, nonce, version, port) {
const val3 = +version;
let ptr0, len0, ptr1, len1;
try {
ptr0 = passStringToWasm0(origin, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
len0 = WASM_VECTOR_LEN;
ptr1 = passStringToWasm0(nonce, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
len1 = WASM_VECTOR_LEN;
} catch (e) {
if (ptr1) { wasm.__wbindgen_free(ptr1, len1 * 1, 1); }
if (ptr0) { wasm.__wbindgen_free(ptr0, len0 * 1, 1); }
throw e;
}
wasm.enclave_connect(this.__wbg_ptr, ptr0, len0, ptr1, len1, val3, port);
}
/**
 * `config` is `{ version, workerDigest, wasmDigest, host, origin, signers, names, partitioned? }`;
 * `post_ui(message, transfer)` sends to the frame.
 * @param {any} config
 * @param {Function} post_ui
 */
constructor(config, post_ui) {
const ret = wasm.enclave_new(config, post_ui);
this.__wbg_ptr = ret;
EnclaveFinalization.register(this, this.__wbg_ptr, this);
return this;
}
/**
 * Tests the browser and reads the vault's header. Rejects with the name of an error.
 * @returns {Promise<void>}
 */
start() {
const ret = wasm.enclave_start(this.__wbg_ptr);
return ret;
}
/**
 * Runs the timers; to be called every second.
 */
tick() {
wasm.enclave_tick(this.__wbg_ptr);
}
/**
 * Takes a message of the frame's user interface; what is kept is copied at once.
 * @param {any} message
 */
ui(message) {
wasm.enclave_ui(this.__wbg_ptr, message);
}
}
if (Symbol.dispose) Enclave.prototype[Symbol.dispose] = Enclave.prototype.free;
exports.Enclave = Enclave;

/**
 * Derives 32 bytes from a passphrase, whose buffer is wiped. The caller ends the worker
 * afterwards, and its memory with it. Throws the name of an error.
 * @param {Uint8Array} passphrase
 * @param {Uint8Array} salt
 * @param {number} memory_kib
 * @param {number} iterations
 * @param {number} parallelism
 * @returns {Uint8Array}
 */
function kdf(passphrase, salt, memory_kib, iterations, parallelism) {
const ret = wasm.kdf(passphrase, salt, memory_kib, iterations, parallelism);
if (ret[2]) {
throw takeFromExternrefTable0(ret[1]);
}
return takeFromExternrefTable0(ret[0]);
}
exports.kdf = kdf;
function __wbg_get_imports(memory) {
            const import0 = {
            __proto__: null,
        __wbg_Error: function(arg0, arg1) {
const ret = Error(getStringFromWasm0(arg0, arg1));
return ret;
},
__wbg___wbindgen_boolean_get: function(arg0) {
const v = arg0;
const ret = typeof(v) === 'boolean' ? v : undefined;
return isLikeNone(ret) ? 0xFFFFFF : ret ? 1 : 0;
},
__wbg___wbindgen_is_falsy: function(arg0) {
const ret = !arg0;
return ret;
},
__wbg___wbindgen_is_function: function(arg0) {
const ret = typeof(arg0) === 'function';
return ret;
},
__wbg___wbindgen_is_null: function(arg0) {
const ret = arg0 === null;
return ret;
},
__wbg___wbindgen_is_object: function(arg0) {
const val = arg0;
const ret = typeof(val) === 'object' && val !== null;
return ret;
},
__wbg___wbindgen_is_string: function(arg0) {
const ret = typeof(arg0) === 'string';
return ret;
},
__wbg___wbindgen_is_undefined: function(arg0) {
const ret = arg0 === undefined;
return ret;
},
__wbg___wbindgen_jsval_eq: function(arg0, arg1) {
const ret = arg0 === arg1;
return ret;
},
__wbg___wbindgen_number_get: function(arg0, arg1) {
const obj = arg1;
const ret = typeof(obj) === 'number' ? obj : undefined;
getDataViewMemory0().setFloat64((arg0 >>> 0) + 8 * 1, isLikeNone(ret) ? 0 : ret, true);
getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 0, !isLikeNone(ret), true);
},
__wbg___wbindgen_string_get: function(arg0, arg1) {
const obj = arg1;
const ret = typeof(obj) === 'string' ? obj : undefined;
var ptr1 = isLikeNone(ret) ? 0 : passStringToWasm0(ret, wasm.__wbindgen_malloc, wasm.__wbindgen_realloc);
var len1 = WASM_VECTOR_LEN;
getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 1, len1, true);
getDataViewMemory0().setInt32((arg0 >>> 0) + 4 * 0, ptr1, true);
},
__wbg___wbindgen_throw: function(arg0, arg1) {
throw new Error(getStringFromWasm0(arg0, arg1));
},
__wbg__wbg_cb_unref: function(arg0) {
arg0._wbg_cb_unref();
},
__wbg_abort: function() { return handleError(function (arg0) {
arg0.abort();
}, arguments); },
__wbg_addEventListener: function(arg0, arg1, arg2, arg3) {
arg0.addEventListener(getStringFromWasm0(arg1, arg2), arg3);
},
__wbg_at: function(arg0, arg1, arg2) {
const ret = arg0[getStringFromWasm0(arg1, arg2)];
return ret;
},
__wbg_at_name: function(arg0, arg1) {
const ret = arg0[arg1];
return ret;
},
__wbg_buffer: function(arg0) {
const ret = arg0.buffer;
return ret;
},
__wbg_call_3: function() { return handleError(function (arg0, arg1) {
const ret = arg0.call(arg1);
return ret;
}, arguments); },
__wbg_call_2: function() { return handleError(function (arg0, arg1, arg2) {
const ret = arg0.call(arg1, arg2);
return ret;
}, arguments); },
__wbg_call: function() { return handleError(function (arg0, arg1, arg2, arg3) {
const ret = arg0.call(arg1, arg2, arg3);
return ret;
}, arguments); },
__wbg_clearTimeout: function(arg0) {
clearTimeout(arg0);
},
__wbg_clear: function() { return handleError(function (arg0) {
const ret = arg0.clear();
return ret;
}, arguments); },
__wbg_close: function(arg0) {
arg0.close();
},
__wbg_close_2: function(arg0) {
arg0.close();
},
__wbg_commit: function() { return handleError(function (arg0) {
arg0.commit();
}, arguments); },
__wbg_createObjectStore: function() { return handleError(function (arg0, arg1, arg2) {
const ret = arg0.createObjectStore(getStringFromWasm0(arg1, arg2));
return ret;
}, arguments); },
__wbg_data: function(arg0) {
const ret = arg0.data;
return ret;
},
__wbg_decrypt: function() { return handleError(function (arg0, arg1, arg2, arg3) {
const ret = crypto.subtle.decrypt(arg0, arg1, getArrayU8FromWasm0(arg2, arg3));
return ret;
}, arguments); },
__wbg_delete: function() { return handleError(function (arg0, arg1) {
const ret = arg0.delete(arg1);
return ret;
}, arguments); },
__wbg_deriveBits: function() { return handleError(function (arg0, arg1, arg2) {
const ret = crypto.subtle.deriveBits(arg0, arg1, arg2 >>> 0);
return ret;
}, arguments); },
__wbg_encrypt: function() { return handleError(function (arg0, arg1, arg2, arg3) {
const ret = crypto.subtle.encrypt(arg0, arg1, getArrayU8FromWasm0(arg2, arg3));
return ret;
}, arguments); },
__wbg_error_2: function(arg0) {
const ret = arg0.error;
return ret;
},
__wbg_error: function() { return handleError(function (arg0) {
const ret = arg0.error;
return ret;
}, arguments); },
__wbg_estimate: function() { return handleError(function (arg0) {
const ret = arg0.estimate();
return ret;
}, arguments); },
__wbg_exportKey: function() { return handleError(function (arg0, arg1, arg2) {
const ret = crypto.subtle.exportKey(getStringFromWasm0(arg0, arg1), arg2);
return ret;
}, arguments); },
__wbg_fill: function(arg0, arg1, arg2, arg3) {
const ret = arg0.fill(arg1, arg2 >>> 0, arg3 >>> 0);
return ret;
},
__wbg_generateKey: function() { return handleError(function (arg0, arg1, arg2) {
const ret = crypto.subtle.generateKey(arg0, arg1 !== 0, arg2);
return ret;
}, arguments); },
__wbg_getAllKeys: function() { return handleError(function (arg0, arg1, arg2) {
const ret = arg0.getAllKeys(arg1, arg2 >>> 0);
return ret;
}, arguments); },
__wbg_getAll: function() { return handleError(function (arg0, arg1, arg2) {
const ret = arg0.getAll(arg1, arg2 >>> 0);
return ret;
}, arguments); },
__wbg_getPrototypeOf: function(arg0) {
const ret = Object.getPrototypeOf(arg0);
return ret;
},
__wbg_getRandomValues: function() { return handleError(function (arg0, arg1) {
const ret = crypto.getRandomValues(getArrayU8FromWasm0(arg0, arg1));
return ret;
}, arguments); },
__wbg_get_2: function() { return handleError(function (arg0, arg1) {
const ret = Reflect.get(arg0, arg1);
return ret;
}, arguments); },
__wbg_get_3: function() { return handleError(function (arg0, arg1) {
const ret = arg0.get(arg1);
return ret;
}, arguments); },
__wbg_get: function(arg0, arg1) {
const ret = arg0[arg1 >>> 0];
return ret;
},
__wbg_get_unchecked: function(arg0, arg1) {
const ret = arg0[arg1 >>> 0];
return ret;
},
__wbg_importKey: function() { return handleError(function (arg0, arg1, arg2, arg3, arg4, arg5, arg6) {
const ret = crypto.subtle.importKey(getStringFromWasm0(arg0, arg1), getArrayU8FromWasm0(arg2, arg3), arg4, arg5 !== 0, arg6);
return ret;
}, arguments); },
__wbg_includes: function(arg0, arg1, arg2) {
const ret = arg0.includes(arg1, arg2);
return ret;
},
__wbg_isArray: function(arg0) {
const ret = Array.isArray(arg0);
return ret;
},
__wbg_is: function(arg0, arg1) {
const ret = Object.is(arg0, arg1);
return ret;
},
__wbg_keys: function(arg0) {
const ret = Object.keys(arg0);
return ret;
},
__wbg_length: function(arg0) {
const ret = arg0.length;
return ret;
},
__wbg_length_2: function(arg0) {
const ret = arg0.length;
return ret;
},
__wbg_length_3: function(arg0) {
const ret = arg0.length;
return ret;
},
__wbg_lowerBound: function() { return handleError(function (arg0, arg1) {
const ret = IDBKeyRange.lowerBound(arg0, arg1 !== 0);
return ret;
}, arguments); },
__wbg_new_4: function(arg0) {
const ret = new Uint8Array(arg0);
return ret;
},
__wbg_new_2: function() {
const ret = new Array();
return ret;
},
__wbg_new_3: function() {
const ret = new MessageChannel();
return ret;
},
__wbg_new: function() {
const ret = new Object();
return ret;
},
__wbg_new_from_slice: function(arg0, arg1) {
const ret = new Uint8Array(getArrayU8FromWasm0(arg0, arg1));
return ret;
},
__wbg_new_typed: function(arg0, arg1) {
try {
var state0 = {a: arg0, b: arg1};
var cb0 = (arg0, arg1) => {
const a = state0.a;
state0.a = 0;
try {
return wasm_bindgen__convert__closures_____invoke(a, state0.b, arg0, arg1);
} finally {
state0.a = a;
}
};
const ret = new Promise(cb0);
return ret;
} finally {
state0.a = 0;
}
},
__wbg_now_2: function() {
const ret = Date.now();
return ret;
},
__wbg_now: function() {
const ret = performance.now();
return ret;
},
__wbg_objectStore: function() { return handleError(function (arg0, arg1, arg2) {
const ret = arg0.objectStore(getStringFromWasm0(arg1, arg2));
return ret;
}, arguments); },
__wbg_of: function(arg0) {
const ret = Array.of(arg0);
return ret;
},
__wbg_open: function() { return handleError(function (arg0, arg1, arg2, arg3) {
const ret = arg0.open(getStringFromWasm0(arg1, arg2), arg3 >>> 0);
return ret;
}, arguments); },
__wbg_persisted: function() { return handleError(function (arg0) {
const ret = arg0.persisted();
return ret;
}, arguments); },
__wbg_port1: function(arg0) {
const ret = arg0.port1;
return ret;
},
__wbg_port2: function(arg0) {
const ret = arg0.port2;
return ret;
},
__wbg_postMessage: function() { return handleError(function (arg0, arg1, arg2) {
arg0.postMessage(arg1, arg2);
}, arguments); },
__wbg_privateKey: function(arg0) {
const ret = arg0.privateKey;
return ret;
},
__wbg_promise: function(arg0) {
const ret = arg0.promise;
return ret;
},
__wbg_prototypesetcall: function(arg0, arg1, arg2) {
Uint8Array.prototype.set.call(getArrayU8FromWasm0(arg0, arg1), arg2);
},
__wbg_publicKey: function(arg0) {
const ret = arg0.publicKey;
return ret;
},
__wbg_push: function(arg0, arg1) {
const ret = arg0.push(arg1);
return ret;
},
__wbg_put: function(arg0, arg1, arg2, arg3) {
arg0[getStringFromWasm0(arg1, arg2)] = arg3;
},
__wbg_put_2: function() { return handleError(function (arg0, arg1, arg2) {
const ret = arg0.put(arg1, arg2);
return ret;
}, arguments); },
__wbg_put_view: function(arg0, arg1, arg2, arg3, arg4) {
arg0[getStringFromWasm0(arg1, arg2)] = getArrayU8FromWasm0(arg3, arg4);
},
__wbg_queueMicrotask: function(arg0) {
const ret = arg0.queueMicrotask;
return ret;
},
__wbg_queueMicrotask_2: function(arg0) {
queueMicrotask(arg0);
},
__wbg_reject: function(arg0) {
const ret = arg0.reject;
return ret;
},
__wbg_removeEventListener: function(arg0, arg1, arg2, arg3) {
arg0.removeEventListener(getStringFromWasm0(arg1, arg2), arg3);
},
__wbg_request: function(arg0, arg1, arg2, arg3, arg4) {
const ret = arg0.request(getStringFromWasm0(arg1, arg2), arg3, arg4);
return ret;
},
__wbg_request_2: function(arg0, arg1, arg2, arg3) {
const ret = arg0.request(getStringFromWasm0(arg1, arg2), arg3);
return ret;
},
__wbg_resolve: function(arg0) {
const ret = arg0.resolve;
return ret;
},
__wbg_resolve_2: function(arg0) {
const ret = Promise.resolve(arg0);
return ret;
},
__wbg_result: function() { return handleError(function (arg0) {
const ret = arg0.result;
return ret;
}, arguments); },
__wbg_setTimeout: function(arg0, arg1) {
const ret = setTimeout(arg0, arg1 >>> 0);
return ret;
},
__wbg_set_onabort: function(arg0, arg1) {
arg0.onabort = arg1;
},
__wbg_set_onclose: function(arg0, arg1) {
arg0.onclose = arg1;
},
__wbg_set_oncomplete: function(arg0, arg1) {
arg0.oncomplete = arg1;
},
__wbg_set_onerror: function(arg0, arg1) {
arg0.onerror = arg1;
},
__wbg_set_onmessage: function(arg0, arg1) {
arg0.onmessage = arg1;
},
__wbg_set_onmessageerror: function(arg0, arg1) {
arg0.onmessageerror = arg1;
},
__wbg_set_onsuccess: function(arg0, arg1) {
arg0.onsuccess = arg1;
},
__wbg_set_onupgradeneeded: function(arg0, arg1) {
arg0.onupgradeneeded = arg1;
},
__wbg_sign: function() { return handleError(function (arg0, arg1, arg2, arg3) {
const ret = crypto.subtle.sign(arg0, arg1, getArrayU8FromWasm0(arg2, arg3));
return ret;
}, arguments); },
__wbg_static_accessor_ARRAY_PROTOTYPE: function() {
const ret = Array.prototype;
return ret;
},
__wbg_static_accessor_BUFFER_PROTOTYPE: function() {
const ret = ArrayBuffer.prototype;
return ret;
},
__wbg_static_accessor_BYTES_PROTOTYPE: function() {
const ret = Uint8Array.prototype;
return ret;
},
__wbg_static_accessor_GLOBAL_THIS: function() {
const ret = typeof globalThis === 'undefined' ? undefined : globalThis;
return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);
},
__wbg_static_accessor_GLOBAL: function() {
const ret = typeof global === 'undefined' ? undefined : global;
return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);
},
__wbg_static_accessor_OBJECT_PROTOTYPE: function() {
const ret = Object.prototype;
return ret;
},
__wbg_static_accessor_SELF: function() {
const ret = typeof self === 'undefined' ? undefined : self;
return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);
},
__wbg_static_accessor_WINDOW: function() {
const ret = typeof window === 'undefined' ? undefined : window;
return isLikeNone(ret) ? 0 : addToExternrefTable0(ret);
},
__wbg_structuredClone: function() { return handleError(function (arg0) {
const ret = structuredClone(arg0);
return ret;
}, arguments); },
__wbg_then_2: function(arg0, arg1, arg2) {
const ret = arg0.then(arg1, arg2);
return ret;
},
__wbg_then: function(arg0, arg1, arg2) {
const ret = arg0.then(arg1, arg2);
return ret;
},
__wbg_then_3: function(arg0, arg1) {
const ret = arg0.then(arg1);
return ret;
},
__wbg_transaction: function() { return handleError(function (arg0, arg1, arg2, arg3, arg4) {
const ret = arg0.transaction(arg1, getStringFromWasm0(arg2, arg3), arg4);
return ret;
}, arguments); },
__wbg_unwrapKey: function() { return handleError(function (arg0, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8) {
const ret = crypto.subtle.unwrapKey(getStringFromWasm0(arg0, arg1), getArrayU8FromWasm0(arg2, arg3), arg4, arg5, arg6, arg7 !== 0, arg8);
return ret;
}, arguments); },
__wbg_verify: function() { return handleError(function (arg0, arg1, arg2, arg3, arg4, arg5) {
const ret = crypto.subtle.verify(arg0, arg1, getArrayU8FromWasm0(arg2, arg3), getArrayU8FromWasm0(arg4, arg5));
return ret;
}, arguments); },
__wbg_withResolvers: function() {
const ret = Promise.withResolvers();
return ret;
},
__wbg_wrapKey: function() { return handleError(function (arg0, arg1, arg2, arg3, arg4) {
const ret = crypto.subtle.wrapKey(getStringFromWasm0(arg0, arg1), arg2, arg3, arg4);
return ret;
}, arguments); },
__wbindgen_generic: function(arg0, arg1) {
// Cast intrinsic for `Closure(Closure { owned: true, function: Function { arguments: [Externref], shim_idx: 16, ret: Unit, inner_ret: Some(Unit) }, mutable: true }) -> Externref`.
const ret = makeMutClosure(arg0, arg1, wasm_bindgen__convert__closures_____invoke_4);
return ret;
},
__wbindgen_generic_2: function(arg0, arg1) {
// Cast intrinsic for `Closure(Closure { owned: true, function: Function { arguments: [Externref], shim_idx: 55, ret: Result(Unit), inner_ret: Some(Result(Unit)) }, mutable: true }) -> Externref`.
const ret = makeMutClosure(arg0, arg1, wasm_bindgen__convert__closures_____invoke_2);
return ret;
},
__wbindgen_generic_3: function(arg0, arg1) {
// Cast intrinsic for `Closure(Closure { owned: true, function: Function { arguments: [NamedExternref("any")], shim_idx: 12, ret: Unit, inner_ret: Some(Unit) }, mutable: true }) -> Externref`.
const ret = makeMutClosure(arg0, arg1, wasm_bindgen__convert__closures_____invoke_3);
return ret;
},
__wbindgen_generic_4: function(arg0, arg1) {
// Cast intrinsic for `Closure(Closure { owned: true, function: Function { arguments: [], shim_idx: 7, ret: NamedExternref("Promise<any>"), inner_ret: Some(NamedExternref("Promise<any>")) }, mutable: true }) -> Externref`.
const ret = makeMutClosure(arg0, arg1, wasm_bindgen__convert__closures_____invoke_5);
return ret;
},
__wbindgen_generic_5: function(arg0, arg1) {
// Cast intrinsic for `Closure(Closure { owned: true, function: Function { arguments: [], shim_idx: 9, ret: Unit, inner_ret: Some(Unit) }, mutable: true }) -> Externref`.
const ret = makeMutClosure(arg0, arg1, wasm_bindgen__convert__closures_____invoke_6);
return ret;
},
__wbindgen_generic_6: function(arg0) {
// Cast intrinsic for `F64 -> Externref`.
const ret = arg0;
return ret;
},
__wbindgen_generic_7: function(arg0, arg1) {
// Cast intrinsic for `Ref(String) -> Externref`.
const ret = getStringFromWasm0(arg0, arg1);
return ret;
},
__wbindgen_init_externref_table: function() {
const table = wasm.__wbindgen_externrefs;
table.set(0, undefined);
table.set(1024, undefined);
table.set(1025, null);
table.set(1026, true);
table.set(1027, false);
},
memory: memory || new WebAssembly.Memory({initial:128,maximum:1280}),
};
        return {
            __proto__: null,
            "./enclave_bg.js": import0,
        };
}

function wasm_bindgen__convert__closures_____invoke_6(arg0, arg1) {
wasm.wasm_bindgen__convert__closures_____invoke_6(arg0, arg1);
}

function wasm_bindgen__convert__closures_____invoke_5(arg0, arg1) {
const ret = wasm.wasm_bindgen__convert__closures_____invoke_5(arg0, arg1);
return ret;
}

function wasm_bindgen__convert__closures_____invoke_4(arg0, arg1, arg2) {
wasm.wasm_bindgen__convert__closures_____invoke_4(arg0, arg1, arg2);
}

function wasm_bindgen__convert__closures_____invoke_3(arg0, arg1, arg2) {
wasm.wasm_bindgen__convert__closures_____invoke_3(arg0, arg1, arg2);
}

function wasm_bindgen__convert__closures_____invoke_2(arg0, arg1, arg2) {
const ret = wasm.wasm_bindgen__convert__closures_____invoke_2(arg0, arg1, arg2);
if (ret[1]) {
throw takeFromExternrefTable0(ret[0]);
}
}

function wasm_bindgen__convert__closures_____invoke(arg0, arg1, arg2, arg3) {
wasm.wasm_bindgen__convert__closures_____invoke(arg0, arg1, arg2, arg3);
}

const EnclaveFinalization = (typeof FinalizationRegistry === 'undefined')
? { register: () => {}, unregister: () => {} }
: new FinalizationRegistry(ptr => wasm.__wbg_enclave_free(ptr, 1));

function addToExternrefTable0(obj) {
                    const idx = wasm.__externref_table_alloc();
                    wasm.__wbindgen_externrefs.set(idx, obj);
                    return idx;
                }

const CLOSURE_DTORS = (typeof FinalizationRegistry === 'undefined')
                        ? { register: () => {}, unregister: () => {} }
                        : new FinalizationRegistry(state => wasm.__wbindgen_destroy_closure(state.a, state.b));

function getArrayU8FromWasm0(ptr, len) {
                    ptr = ptr >>> 0;
                    return getUint8ArrayMemory0().subarray(ptr / 1, ptr / 1 + len);
                }

let cachedDataViewMemory0 = null;
                function getDataViewMemory0() {
                    if (cachedDataViewMemory0 === null || cachedDataViewMemory0.buffer.detached === true || (cachedDataViewMemory0.buffer.detached === undefined && cachedDataViewMemory0.buffer !== wasm.memory.buffer)) {
                        cachedDataViewMemory0 = new DataView(wasm.memory.buffer);
                    }
                    return cachedDataViewMemory0;
                }

function getStringFromWasm0(ptr, len) {
                    ptr = ptr >>> 0;
                    return decodeText(getUint8ArrayMemory0().subarray(ptr, ptr + len));
                }

let cachedUint8ArrayMemory0 = null;
                function getUint8ArrayMemory0() {
                    if (cachedUint8ArrayMemory0 === null || cachedUint8ArrayMemory0.byteLength === 0) {
                        cachedUint8ArrayMemory0 = new Uint8Array(wasm.memory.buffer);
                    }
                    return cachedUint8ArrayMemory0;
                }

function handleError(f, args) {
                            try {
                                return f.apply(this, args);
                            } catch (e) {
                                const idx = addToExternrefTable0(e);
                                wasm.__wbindgen_exn_store(idx);
                            }
                        }

function isLikeNone(x) {
                return x === undefined || x === null;
            }

function makeMutClosure(arg0, arg1, f) {
                    const state = { a: arg0, b: arg1, cnt: 1 };
                    const real = (...args) => {
                        
                        // First up with a closure we increment the internal reference
                        // count. This ensures that the Rust closure environment won't
                        // be deallocated while we're invoking it.
                        state.cnt++;
                        const a = state.a;
                        state.a = 0;
                        try {
                            return f(a, state.b, ...args);
                        } finally {
                            state.a = a;
                            real._wbg_cb_unref();
                        }
                    };
                    real._wbg_cb_unref = () => {
                        if (--state.cnt === 0) {
                            wasm.__wbindgen_destroy_closure(state.a, state.b);
                            state.a = 0;
                            CLOSURE_DTORS.unregister(state);
                        }
                    };
                    CLOSURE_DTORS.register(real, state, state);
                    return real;
                }

function passStringToWasm0(arg, malloc, realloc) {
                    if (realloc === undefined) {
                    const buf = cachedTextEncoder.encode(arg);
                    const ptr = malloc(buf.length, 1) >>> 0;
                    getUint8ArrayMemory0().subarray(ptr, ptr + buf.length).set(buf);
                    WASM_VECTOR_LEN = buf.length;
                    return ptr;
                }

                let len = arg.length;
                let ptr = malloc(len, 1) >>> 0;

                const mem = getUint8ArrayMemory0();

                let offset = 0;

                for (; offset < len; offset++) {
                    const code = arg.charCodeAt(offset);
                    if (code > 0x7F) break;
                    mem[ptr + offset] = code;
                }
            if (offset !== len) {
                        if (offset !== 0) {
                            arg = arg.slice(offset);
                        }
                        ptr = realloc(ptr, len, len = offset + arg.length * 3, 1) >>> 0;
                        const view = getUint8ArrayMemory0().subarray(ptr + offset, ptr + len);
                        const ret = cachedTextEncoder.encodeInto(arg, view);
                        
                        offset += ret.written;
                        ptr = realloc(ptr, len, offset, 1) >>> 0;
                    }

                    WASM_VECTOR_LEN = offset;
                    return ptr;
                }

function takeFromExternrefTable0(idx) {
                    const value = wasm.__wbindgen_externrefs.get(idx);
                    wasm.__externref_table_dealloc(idx);
                    return value;
                }

let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
cachedTextDecoder.decode();
                        function decodeText(bytes) {
                            return cachedTextDecoder.decode(bytes);
                        }

const cachedTextEncoder = new TextEncoder();

                        if (!('encodeInto' in cachedTextEncoder)) {
                            cachedTextEncoder.encodeInto = function (arg, view) {
                const buf = cachedTextEncoder.encode(arg);
                view.set(buf);
                return {
                    read: arg.length,
                    written: buf.length
                };
            };
                        }

let WASM_VECTOR_LEN = 0;

let wasmModule, wasmInstance, wasm;
            function __wbg_finalize_init(instance, module) {
                wasmInstance = instance;
                wasm = instance.exports;
                wasmModule = module;
                cachedDataViewMemory0 = null;
cachedUint8ArrayMemory0 = null;
wasm.__wbindgen_start();
return wasm;
            }

            async function __wbg_load(module, imports) {
                if (typeof Response === 'function' && module instanceof Response) {
                    if (!module.ok) {
                        throw new Error(`failed to fetch Wasm: ${module.status} ${module.statusText} fetching '${module.url}'`);
                    }

                    if (typeof WebAssembly.instantiateStreaming === 'function') {
                        try {
                            return await WebAssembly.instantiateStreaming(module, imports);
                        } catch (e) {
                            const validResponse = expectedResponseType(module.type);

                            if (validResponse && module.headers.get('Content-Type') !== 'application/wasm') {
                                console.warn("`WebAssembly.instantiateStreaming` failed because your server does not serve Wasm with `application/wasm` MIME type. Falling back to `WebAssembly.instantiate` which is slower. Original error:\n", e);

                            } else { throw e; }
                        }
                    }

                    const bytes = await module.arrayBuffer();
                    return await WebAssembly.instantiate(bytes, imports);
                } else {
                    const instance = await WebAssembly.instantiate(module, imports);

                    if (instance instanceof WebAssembly.Instance) {
                        return { instance, module };
                    } else {
                        return instance;
                    }
                }

                function expectedResponseType(type) {
                    switch (type) {
                        case 'basic': case 'cors': case 'default': return true;
                    }
                    return false;
                }
            }

            function initSync(module, memory) {
                if (wasm !== undefined) return wasm;

                
                if (module !== undefined) {
                    if (Object.getPrototypeOf(module) === Object.prototype) {
                        ({module, memory} = module)
                    } else {
                        console.warn('using deprecated parameters for `initSync()`; pass a single object instead')
                    }
                }

                const imports = __wbg_get_imports(memory);
                if (!(module instanceof WebAssembly.Module)) {
                    module = new WebAssembly.Module(module);
                }
                const instance = new WebAssembly.Instance(module, imports);
                return __wbg_finalize_init(instance, module);
            }

            let __wbg_init_promise;
            async function __wbg_init(module_or_path, memory) {
                if (wasm !== undefined) return wasm;
                if (__wbg_init_promise === undefined) {
                    __wbg_init_promise = __wbg_init_once(module_or_path, memory);
                    __wbg_init_promise.catch(() => { __wbg_init_promise = undefined; });
                }
                return __wbg_init_promise;
            }

            async function __wbg_init_once(module_or_path, memory) {
                
                if (module_or_path !== undefined) {
                    if (Object.getPrototypeOf(module_or_path) === Object.prototype) {
                        ({module_or_path, memory} = module_or_path)
                    } else {
                        console.warn('using deprecated parameters for the initialization function; pass a single object instead')
                    }
                }

                
                const imports = __wbg_get_imports(memory);

                if (typeof module_or_path === 'string' || (typeof Request === 'function' && module_or_path instanceof Request) || (typeof URL === 'function' && module_or_path instanceof URL)) {
                    module_or_path = fetch(module_or_path);
                }

                const { instance, module } = await __wbg_load(await module_or_path, imports);

                return __wbg_finalize_init(instance, module);
            }
            
                return Object.assign(__wbg_init, { initSync }, exports);
                })({ __proto__: null });
                