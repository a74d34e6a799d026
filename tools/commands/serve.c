/* SPDX-License-Identifier: MIT */
/* commands/serve.c - hakmem metrics --listen: the figures by HTTP.
 *
 * One request at a time, each with a connection of its own. What a client may cost is bounded: the head of a
 * request by HEAD_MOST bytes and TIME_MOST milliseconds, the answer by as long again. */
#include "commands/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/say.h"

enum { HEAD_MOST = 8192, TIME_MOST = 5000, BACKLOG = 16 };

union endpoint {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct head {
    char head[HEAD_MOST + 1];
    size_t size;
};

static volatile sig_atomic_t ended;
static sigset_t
    outside; /* the signals that are blocked while nothing is waited for: not SIGTERM and SIGINT */

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

/* --- Waiting -------------------------------------------------------------------------------------*/

static long now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Wait for EVENTS until DEADLINE; 0: for ever. False: it is over, or a signal says that all is. */
static bool wait_until(int fd, short events, long deadline)
{
    while (!ended) {
        struct pollfd p = {fd, events, 0};
        long left = deadline ? deadline - now_ms() : 0;
        struct timespec t = {left / 1000, left % 1000 * 1000000};
        if (left < 0)
            return false;
        int n = ppoll(&p, 1, deadline ? &t : NULL, &outside);
        if (n > 0)
            return true;
        if (n == 0 || errno != EINTR)
            return false;
    }
    return false;
}

/* --- A request -----------------------------------------------------------------------------------*/

/* Read the head. False: none came, or too much. */
static bool read_head(int fd, struct head *r)
{
    long deadline = now_ms() + TIME_MOST;
    for (r->size = 0; r->size < HEAD_MOST && wait_until(fd, POLLIN, deadline);) {
        ssize_t n = recv(fd, r->head + r->size, HEAD_MOST - r->size, 0);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            break;
        r->size += (size_t)n;
        r->head[r->size] = '\0';
        if (strstr(r->head, "\r\n\r\n") || strstr(r->head, "\n\n"))
            return true;
    }
    r->head[r->size] = '\0';
    return false;
}

static void send_all(int fd, const char *text, size_t length)
{
    long deadline = now_ms() + TIME_MOST;
    while (length && wait_until(fd, POLLOUT, deadline)) {
        ssize_t n = send(fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return;
        text += n > 0 ? n : 0;
        length -= n > 0 ? (size_t)n : 0;
    }
}

static void answer(int fd, const char *status, const char *type, const char *text, size_t length)
{
    char head[512];
    int n = snprintf(head, sizeof head,
                     "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
                     "X-Content-Type-Options: nosniff\r\n%sConnection: close\r\n\r\n",
                     status, type, length, strncmp(status, "405", 3) == 0 ? "Allow: GET\r\n" : "");
    send_all(fd, head, (size_t)n);
    send_all(fd, text, length);
}

static void refuse(int fd, const char *status)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%s\n", status);
    answer(fd, status, "text/plain; charset=utf-8", text, (size_t)n);
}

/* The value of the header NAME in HEAD, cut to what fits: "" if there is none. */
static void header(const char *head, const char *name, char *out, size_t size)
{
    size_t length = strlen(name);
    *out = '\0';
    for (const char *line = strchr(head, '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':')
            continue;
        const char *value = line + length + 1;
        value += strspn(value, " \t");
        snprintf(out, size, "%.*s", (int)strcspn(value, "\r\n"), value);
        return;
    }
}

/* A page of a browser can name this machine as it likes, and would read the answer as its own. */
static bool is_local_name(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);
        if (strncasecmp(host, names[i], n) == 0 && (host[n] == ':' || !host[n]))
            return true;
    }
    return !*host;
}

static void serve_metrics(int fd, enum fleet_by by, const char *head)
{
    static const char open[] = "application/openmetrics-text";
    char accept[512];
    size_t length;
    header(head, "Accept", accept, sizeof accept);
    char *text = fleet_text(by, &length);
    answer(fd, "200 OK",
           strstr(accept, open) ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                : "text/plain; version=0.0.4; charset=utf-8",
           text, length);
    free(text);
}

static void serve_one(int fd, enum fleet_by by)
{
    static struct head r;
    char method[16], path[256], version[16], host[256];
    if (!read_head(fd, &r)) {
        if (r.size)
            refuse(fd, r.size == HEAD_MOST ? "431 Request Header Fields Too Large" : "408 Request Timeout");
        return;
    }
    header(r.head, "Host", host, sizeof host);
    if (sscanf(r.head, "%15[^ \r\n] %255[^ \r\n] %15[^ \r\n]", method, path, version) != 3 ||
        strncmp(version, "HTTP/1.", 7) != 0)
        refuse(fd, "400 Bad Request");
    else if (!is_local_name(host))
        refuse(fd, "403 Forbidden");
    else if (path[strcspn(path, "?")] = '\0', strcmp(path, "/metrics") != 0)
        refuse(fd, "404 Not Found");
    else if (strcmp(method, "GET") != 0)
        refuse(fd, "405 Method Not Allowed");
    else
        serve_metrics(fd, by, r.head);
}

/* What is left to read would make the kernel reset the connection, and the answer with it. */
static void finish(int fd)
{
    char rest[4096];
    long deadline = now_ms() + 1000;
    (void)shutdown(fd, SHUT_WR);
    for (int i = 0; i < 64 && wait_until(fd, POLLIN, deadline); i++)
        if (recv(fd, rest, sizeof rest, MSG_DONTWAIT) <= 0)
            break;
    close(fd);
}

/* --- The address ---------------------------------------------------------------------------------*/

/* "PORT", "127.0.0.1:PORT", "[::1]:PORT". False after an error. */
static bool parse_address(const char *text, union endpoint *out, socklen_t *size)
{
    double port;
    char address[64] = "127.0.0.1";
    const char *colon = strrchr(text, ':');
    if (!parse_number(colon ? colon + 1 : text, 0, 65535, &port) || port != (unsigned)port) {
        (void)usage_error("metrics: --listen wants [ADDRESS:]PORT, not '%s'", text);
        return false;
    }
    if (colon) {
        bool brackets = *text == '[' && colon > text + 1 && colon[-1] == ']';
        snprintf(address, sizeof address, "%.*s", (int)(colon - text) - 2 * brackets, text + brackets);
    }
    memset(out, 0, sizeof *out);
    if (strcmp(address, "::1") == 0) {
        out->v6 = (struct sockaddr_in6){
            .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT, .sin6_port = htons((uint16_t)port)};
        *size = sizeof out->v6;
    } else if (strcmp(address, "127.0.0.1") == 0) {
        out->v4 = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons((uint16_t)port)};
        *size = sizeof out->v4;
    } else {
        (void)usage_error("metrics: --listen serves 127.0.0.1 and [::1] only, not '%s'", address);
        return false;
    }
    return true;
}

/* A socket that listens, or -1 after an error. */
static int open_socket(const union endpoint *at, socklen_t size)
{
    int on = 1, fd = socket(at->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd >= 0 && bind(fd, &at->any, size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    error("metrics: cannot listen: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static void tell_address(int fd)
{
    union endpoint at = {.v6 = {0}};
    socklen_t size = sizeof at;
    if (getsockname(fd, &at.any, &size) != 0)
        return;
    bool v6 = at.any.sa_family == AF_INET6;
    printf("http://%s:%u/metrics\n", v6 ? "[::1]" : "127.0.0.1",
           (unsigned)ntohs(v6 ? at.v6.sin6_port : at.v4.sin_port));
    fflush(stdout);
}

/* Both are blocked but where something is waited for: none gets lost between a look and a wait. */
static void catch_signals(void)
{
    struct sigaction act = {.sa_handler = end};
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGTERM);
    sigaddset(&both, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &both, &outside);
    sigdelset(&outside, SIGTERM);
    sigdelset(&outside, SIGINT);
    (void)sigaction(SIGTERM, &act, NULL);
    (void)sigaction(SIGINT, &act, NULL);
}

int serve(enum fleet_by by, const char *address)
{
    union endpoint at = {.v6 = {0}};
    socklen_t size = 0;
    if (!parse_address(address, &at, &size))
        return EXIT_USAGE;
    int fd = open_socket(&at, size);
    if (fd < 0)
        return EXIT_NO;
    catch_signals();
    tell_address(fd);
    while (wait_until(fd, POLLIN, 0)) {
        int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (client >= 0) {
            serve_one(client, by);
            finish(client);
        }
    }
    close(fd);
    return EXIT_OK;
}
