/* Landlock (Linux 5.13) for files, a filter of system calls for the rest.  Both
 * are called by number: Debian 12's C library has no names for them. */
#include "daemon/sandbox.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than Debian 12's headers. */
enum { ACCESS_TRUNCATE = 1 << 14, ABI_REFER = 2, ABI_TRUNCATE = 3 };

static const uint64_t handled =
	LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
	LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
	LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
	LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
	LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
	LANDLOCK_ACCESS_FS_MAKE_SYM;

static void allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = access,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};

	if (rule.parent_fd < 0)
		return; /* then it could not be used either */
	(void)syscall(SYS_landlock_add_rule, ruleset,
		      LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	close(rule.parent_fd);
}

/* Landlock knows the removal of a file as a right on its folder. */
static void allow_removal(int ruleset, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	char folder[PATH_MAX];

	if (n >= sizeof folder)
		return;
	memcpy(folder, path, n);
	folder[n] = '\0';
	allow(ruleset,
	      n       ? folder
	      : slash ? "/"
		      : ".",
	      LANDLOCK_ACCESS_FS_REMOVE_FILE);
}

/* SQLite's file, its journal and what its readers share. */
static void allow_store(int ruleset, const char *folder, long abi)
{
	allow(ruleset, folder,
	      LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
		      LANDLOCK_ACCESS_FS_REMOVE_FILE |
		      (abi >= ABI_TRUNCATE ? ACCESS_TRUNCATE : 0));
}

static bool close_files(const char *const *removable, size_t n,
			const char *folder)
{
	struct landlock_ruleset_attr attr = { .handled_access_fs = handled };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
			   LANDLOCK_CREATE_RULESET_VERSION);
	int ruleset;
	bool ok;

	if (abi >= ABI_REFER)
		attr.handled_access_fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= ABI_TRUNCATE)
		attr.handled_access_fs |= ACCESS_TRUNCATE;
	ruleset = abi < 1 ? -1
			  : (int)syscall(SYS_landlock_create_ruleset, &attr,
					 sizeof attr, 0);
	if (ruleset < 0)
		return false;
	allow(ruleset, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE);
	for (size_t i = 0; i < n; i++)
		if (removable[i])
			allow_removal(ruleset, removable[i]);
	if (folder)
		allow_store(ruleset, folder, abi);
	ok = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return ok;
}

/* Calls that a filter of mail has no use for and that somebody who has got in
 * would: they fail with EPERM.  (A list of what may be called would break with
 * every new C library.)  INKAN_SANITIZED: the leak checker traces itself. */
static const uint32_t denied[] = {
	SYS_execve,
	SYS_execveat,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_kexec_load,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_setns,
	SYS_unshare,
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_keyctl,
	SYS_add_key,
	SYS_request_key,
	SYS_io_uring_setup,
	SYS_reboot,
	SYS_swapon,
	SYS_swapoff,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_acct,
	SYS_open_by_handle_at,
	INKAN_SANITIZED ? SYS_execve : SYS_ptrace,
};

enum {
	DENIED = sizeof denied / sizeof *denied,
	X32 = 0x40000000, /* x86-64's other numbers for the same calls */
	STEPS = 4 + DENIED + 2
};

static bool close_calls(void)
{
	struct sock_filter steps[STEPS];
	struct sock_fprog program = { .len = STEPS, .filter = steps };
	size_t n = 0;

	if (!INKAN_AUDIT_ARCH)
		return false;
	steps[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	/* calls by another architecture's numbers: there are none */
	steps[n++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, INKAN_AUDIT_ARCH, 0, DENIED + 3);
	steps[n++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	steps[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
						  X32, DENIED + 1, 0);
	for (size_t i = 0; i < DENIED; i++)
		steps[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, denied[i],
			(uint8_t)(DENIED - i), 0);
	steps[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						  SECCOMP_RET_ALLOW);
	steps[n++] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1 /* EPERM */);
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

enum sandbox_news sandbox_enter(const char *const *removable, size_t n,
				const char *folder)
{
	bool files, calls;

	/* without it both would be root's to ask for */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return SANDBOX_NONE;
	files = close_files(removable, n, folder);
	calls = close_calls();
	return files ? (calls ? SANDBOX_FULL : SANDBOX_CALLS_OPEN)
		     : (calls ? SANDBOX_FILES_OPEN : SANDBOX_NONE);
}
