//! System calls (seccomp). Those that are not in the lists do not exist for the program: they fail with
//! `ENOSYS`, which the C library takes as an old kernel.

use std::collections::BTreeMap;

use libc::{c_int, c_long};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

use super::{Extent, Needs, failed};
use crate::Error;

/// Calls that may have any arguments.
const FREE: [c_long; 64] = [
    // Files
    libc::SYS_close,
    libc::SYS_fcntl,
    libc::SYS_fdatasync,
    libc::SYS_flock,
    libc::SYS_fstat,
    libc::SYS_fsync,
    libc::SYS_ftruncate,
    libc::SYS_lseek,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_statx,
    libc::SYS_write,
    libc::SYS_writev,
    // Network
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_getpeername,
    libc::SYS_getsockname,
    libc::SYS_getsockopt,
    libc::SYS_listen,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_sendmsg,
    libc::SYS_sendto,
    libc::SYS_setsockopt,
    libc::SYS_shutdown,
    libc::SYS_socketpair,
    // Waiting
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_futex,
    libc::SYS_gettimeofday,
    libc::SYS_nanosleep,
    libc::SYS_ppoll,
    libc::SYS_restart_syscall,
    // Memory and threads
    libc::SYS_brk,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_rseq,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    // Itself
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_uname,
];

/// Older names of some of them, which this architecture has and C libraries use.
#[cfg(target_arch = "x86_64")]
const OLDER: [c_long; 6] = [
    libc::SYS_epoll_wait,
    libc::SYS_lstat,
    libc::SYS_open,
    libc::SYS_poll,
    libc::SYS_rename,
    libc::SYS_stat,
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER: [c_long; 0] = [];

/// Calls whose argument at this position, of the bits of this mask, is this.
const BOUND: [(c_long, u8, c_int, c_int); 7] = [
    // No second way to code: memory that is written is never executed.
    (libc::SYS_mmap, 2, libc::PROT_EXEC, 0),
    (libc::SYS_mprotect, 2, libc::PROT_EXEC, 0),
    // Threads, no processes. (`clone3` hides its flags, and is given up for this one.)
    (libc::SYS_clone, 0, libc::CLONE_THREAD, libc::CLONE_THREAD),
    (libc::SYS_socket, 0, -1, libc::AF_INET),
    (libc::SYS_socket, 0, -1, libc::AF_INET6),
    (libc::SYS_prctl, 0, -1, libc::PR_SET_NAME),
    (libc::SYS_ioctl, 1, -1, NON_BLOCKING),
];

/// For the Workload API.
const LOCAL: (c_long, u8, c_int, c_int) = (libc::SYS_socket, 0, -1, libc::AF_UNIX);

/// `FIONBIO`, whose type is not the same with every C library.
const NON_BLOCKING: c_int = 0x5421;

pub(super) fn restrict(needs: &Needs) -> Result<Extent, Error> {
    match seccompiler::apply_filter(&program(needs)?) {
        Ok(()) => Ok(Extent::Full),
        Err(seccompiler::Error::Seccomp(error)) if is_absent(&error) => Ok(Extent::None),
        Err(error) => Err(failed(error)),
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL))
}

fn program(needs: &Needs) -> Result<BpfProgram, Error> {
    let free = FREE.into_iter().chain(OLDER).map(|call| (call, Vec::new()));
    let mut rules: BTreeMap<_, _> = free.collect();
    let local = needs.local.then_some(LOCAL);
    for (call, position, mask, value) in BOUND.into_iter().chain(local) {
        let of = |bits: c_int| u64::from(bits.cast_unsigned());
        let operator = SeccompCmpOp::MaskedEq(of(mask));
        let condition =
            SeccompCondition::new(position, SeccompCmpArgLen::Dword, operator, of(value));
        let rule = SeccompRule::new(vec![condition.map_err(failed)?]).map_err(failed)?;
        rules.entry(call).or_default().push(rule);
    }
    let absent = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    let machine = std::env::consts::ARCH.try_into().map_err(failed)?;
    let filter = SeccompFilter::new(rules, absent, SeccompAction::Allow, machine);
    filter.and_then(BpfProgram::try_from).map_err(failed)
}
