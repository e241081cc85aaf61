/*
 * Runs in the guest, against the Linux HFS+ driver. Built with `gcc -static`.
 *
 *   judge walk DIR          one line an entry below DIR: what the driver sees
 *   judge walk-all DEVICE   the same for volumes at the offsets and of the
 *                           lengths that standard input names
 *   judge units DIR         makes a file for every UTF-16 unit it can name,
 *                           says which collide, and lists the folder's order
 *   judge fragment DIR N    N files whose blocks alternate, then holes
 *   judge bless FILE        HFSPLUS_IOC_BLESS
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define HFSPLUS_IOC_BLESS _IO('h', 0x80)
#define FNV_START 0xcbf29ce484222325ull

static uint64_t fnv(uint64_t h, const void *data, size_t n) {
    const unsigned char *p = data;
    while (n--) h = (h ^ *p++) * 0x100000001b3ull;
    return h;
}

static void hex(const char *s) {
    while (*s) printf("%02x", (unsigned char)*s++);
}

static void contents(const char *path) {
    static char buf[1 << 16];
    int fd = open(path, O_RDONLY);
    uint64_t h = FNV_START;
    ssize_t n = -1;
    while (fd >= 0 && (n = read(fd, buf, sizeof buf)) > 0) h = fnv(h, buf, n);
    if (n < 0) printf(" data=E%d", errno);
    else printf(" data=%016llx", (unsigned long long)h);
    if (fd >= 0) close(fd);
}

static void xattrs(const char *path) {
    static char names[1 << 16], value[1 << 16];
    ssize_t all = llistxattr(path, names, sizeof names);
    for (ssize_t at = 0; at < all; at += strlen(names + at) + 1) {
        ssize_t n = lgetxattr(path, names + at, value, sizeof value);
        printf(" x:");
        hex(names + at);
        if (n < 0) printf("=E%d", errno);
        else printf("=%zd,%016llx", n, (unsigned long long)fnv(FNV_START, value, n));
    }
    if (all < 0) printf(" xattrs=E%d", errno);
}

static void entry(const char *path, const char *shown) {
    struct stat s;
    hex(shown);
    if (lstat(path, &s)) {
        printf(" stat=E%d\n", errno);
        return;
    }
    printf(" mode=%o uid=%u gid=%u links=%u ino=%llu mtime=%lld size=%lld", s.st_mode, s.st_uid,
           s.st_gid, (unsigned)s.st_nlink, (unsigned long long)s.st_ino, (long long)s.st_mtime,
           (long long)s.st_size);
    if (S_ISREG(s.st_mode)) contents(path);
    if (S_ISCHR(s.st_mode) || S_ISBLK(s.st_mode))
        printf(" dev=%u,%u", major(s.st_rdev), minor(s.st_rdev));
    if (S_ISLNK(s.st_mode)) {
        static char to[65536];
        ssize_t n = readlink(path, to, sizeof to - 1);
        to[n < 0 ? 0 : n] = 0;
        printf(" to=");
        hex(to);
    }
    xattrs(path);
    printf("\n");
}

static int deep;

static void walk(const char *name, const char *shown) {
    if (++deep > 400) { deep--; return; }
    DIR *d = opendir(name);
    struct dirent *e;
    if (!d) {
        printf("E%d\n", errno);
        deep--;
        return;
    }
    if (fchdir(dirfd(d))) exit(3);
    while ((e = readdir(d))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
        char *path;
        struct stat s;
        if (asprintf(&path, "%s/%s", shown, e->d_name) < 0) exit(3);
        entry(e->d_name, path);
        if (!lstat(e->d_name, &s) && S_ISDIR(s.st_mode)) {
            walk(e->d_name, path);
            if (fchdir(dirfd(d))) exit(3);
        }
        free(path);
    }
    closedir(d);
    deep--;
}

static int walk_all(const char *device) {
    unsigned long long at, len;
    int disk = open(device, O_RDONLY), loop = open("/dev/loop0", O_RDONLY);
    if (disk < 0 || loop < 0) return 3;
    while (scanf("%llu %llu", &at, &len) == 2) {
        struct loop_config config = {.fd = disk};
        config.info.lo_offset = at;
        config.info.lo_sizelimit = len;
        config.info.lo_flags = LO_FLAGS_READ_ONLY;
        int failed = ioctl(loop, LOOP_CONFIGURE, &config);
        failed = failed || mount("/dev/loop0", "/mnt", "hfsplus", MS_RDONLY, "nodecompose,nls=utf8");
        if (failed) printf("not mounted: E%d\n", errno);
        else walk("/mnt", "");
        if (chdir("/") || (!failed && umount("/mnt"))) return 4;
        ioctl(loop, LOOP_CLR_FD, 0);
        printf("end\n");
    }
    return 0;
}

static int utf8(unsigned u, char *to) {
    if (u < 0x80) return to[0] = u, 1;
    if (u < 0x800) return to[0] = 0xc0 | u >> 6, to[1] = 0x80 | (u & 63), 2;
    to[0] = 0xe0 | u >> 12, to[1] = 0x80 | (u >> 6 & 63), to[2] = 0x80 | (u & 63);
    return 3;
}

/* The unit that a name of ours ends in, read back as the driver prints it. */
static unsigned last_unit(const char *name) {
    const unsigned char *p = (const unsigned char *)name + 1;
    if (p[0] < 0x80) return p[0];
    if (p[0] < 0xe0) return (p[0] & 31) << 6 | (p[1] & 63);
    return (p[0] & 15) << 12 | (p[1] & 63) << 6 | (p[2] & 63);
}

static int units(const char *dir) {
    if (chdir(dir)) return 3;
    for (unsigned u = 1; u < 0x10000; u++) {
        char name[8] = "x";
        if (u == '/' || (u >= 0xd800 && u < 0xe000)) continue; /* no name can hold these here */
        name[1 + utf8(u, name + 1)] = 0;
        int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
        if (fd < 0) printf("no %04x E%d\n", u, errno);
        else close(fd);
    }
    DIR *d = opendir(".");
    struct dirent *e;
    while ((e = readdir(d)))
        if (e->d_name[0] == 'x') printf("in %04x\n", last_unit(e->d_name));
    closedir(d);
    return 0;
}

static int fragment(const char *dir, int n) {
    static char block[4096];
    int fds[64];
    char name[32];
    if (chdir(dir) || n > 64) return 3;
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "part-%02d", i);
        if ((fds[i] = open(name, O_CREAT | O_WRONLY, 0644)) < 0) return 4;
    }
    for (int round = 0; round < 160; round++)
        for (int i = 0; i < n; i++) {
            memset(block, round + 7 * i, sizeof block);
            snprintf(block, sizeof block, "file %d block %d", i, round);
            if (write(fds[i], block, sizeof block) != sizeof block || fsync(fds[i])) return 5;
        }
    for (int i = 0; i < n; i++) close(fds[i]);
    for (int i = 0; i < n; i += 2) { /* holes for the next ones to fall into */
        snprintf(name, sizeof name, "part-%02d", i);
        if (unlink(name)) return 6;
    }
    int fd = open("filler", O_CREAT | O_WRONLY, 0644);
    for (int round = 0; round < 80 * n; round++) {
        memset(block, round, sizeof block);
        if (write(fd, block, sizeof block) != sizeof block) break;
    }
    return close(fd);
}

int main(int c, char **v) {
    if (c == 3 && !strcmp(v[1], "walk")) {
        static char out[1 << 20];
        setvbuf(stdout, out, _IOFBF, sizeof out);
        walk(v[2], "");
        return 0;
    }
    if (c == 3 && !strcmp(v[1], "walk-all")) return walk_all(v[2]);
    if (c == 3 && !strcmp(v[1], "units")) return units(v[2]);
    if (c == 4 && !strcmp(v[1], "fragment")) return fragment(v[2], atoi(v[3]));
    if (c == 3 && !strcmp(v[1], "bless")) {
        int fd = open(v[2], O_RDONLY);
        return fd < 0 || ioctl(fd, HFSPLUS_IOC_BLESS) ? errno : 0;
    }
    return 2;
}
