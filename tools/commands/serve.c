/* SPDX-License-Identifier: MIT */
/* commands/serve.c - hakmem metrics --listen: the figures by HTTP.
 *
 * CLIENTS_MOST connections at a time, each for one request, in one thread that waits for all of them: nobody
 * waits for a client that says nothing. What a client may cost is bounded: the head of a request by HEAD_MOST
 * bytes and TIME_MOST milliseconds, the answer by as long again. */
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

enum { CLIENTS_MOST = 64, HEAD_MOST = 8192, TIME_MOST = 5000, END_MOST = 1000, BACKLOG = 64 };

union endpoint {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* What a connection waits for, in this order. */
enum phase { READS, WRITES, ENDS };

struct client {
    int fd;
    enum phase phase;
    long deadline; /* of the phase */
    char *head;    /* HEAD_MOST + 1 bytes, `size` of them read */
    size_t size;
    char *answer; /* `length` bytes, `sent` of them written */
    size_t length, sent;
};

static struct client client[CLIENTS_MOST];
static size_t clients;

static volatile sig_atomic_t ended;
static sigset_t
    outside; /* the signals that are blocked while nothing is waited for: not SIGTERM and SIGINT */

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

static long now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- An answer -----------------------------------------------------------------------------------*/

/* It is TEXT; from now on it is written. */
static void answer(struct client *c, const char *status, const char *type, const char *text, size_t length)
{
    char *head =
        need_format("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
                    "X-Content-Type-Options: nosniff\r\n%sConnection: close\r\n\r\n",
                    status, type, length, strncmp(status, "405", 3) == 0 ? "Allow: GET\r\n" : "");
    size_t n = strlen(head);
    c->answer = need_memory(head, n + length);
    memcpy(c->answer + n, text, length);
    c->length = n + length;
    c->phase = WRITES;
    c->deadline = now_ms() + TIME_MOST;
}

static void refuse(struct client *c, const char *status)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%s\n", status);
    answer(c, status, "text/plain; charset=utf-8", text, (size_t)n);
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

static void answer_metrics(struct client *c, enum fleet_by by)
{
    static const char open[] = "application/openmetrics-text";
    char accept[512];
    size_t length;
    header(c->head, "Accept", accept, sizeof accept);
    char *text = fleet_text(by, &length);
    answer(c, "200 OK",
           strstr(accept, open) ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                : "text/plain; version=0.0.4; charset=utf-8",
           text, length);
    free(text);
}

static void answer_request(struct client *c, enum fleet_by by)
{
    char method[16], path[256], version[16], host[256];
    header(c->head, "Host", host, sizeof host);
    if (sscanf(c->head, "%15[^ \r\n] %255[^ \r\n] %15[^ \r\n]", method, path, version) != 3 ||
        strncmp(version, "HTTP/1.", 7) != 0)
        refuse(c, "400 Bad Request");
    else if (!is_local_name(host))
        refuse(c, "403 Forbidden");
    else if (path[strcspn(path, "?")] = '\0', strcmp(path, "/metrics") != 0)
        refuse(c, "404 Not Found");
    else if (strcmp(method, "GET") != 0)
        refuse(c, "405 Method Not Allowed");
    else
        answer_metrics(c, by);
}

/* --- Connections ---------------------------------------------------------------------------------*/

static void add_client(int fd)
{
    if (fd < 0)
        return;
    client[clients++] = (struct client){
        .fd = fd, .phase = READS, .deadline = now_ms() + TIME_MOST, .head = need_memory(NULL, HEAD_MOST + 1)};
}

/* The last one takes its place. */
static void remove_client(size_t i)
{
    struct client *c = &client[i];
    close(c->fd);
    free(c->head);
    free(c->answer);
    *c = client[--clients];
}

/* No more comes: what came is no request. False: there is nobody to answer. */
static bool give_up(struct client *c)
{
    if (c->size)
        refuse(c, c->size == HEAD_MOST ? "431 Request Header Fields Too Large" : "408 Request Timeout");
    return c->size != 0;
}

static bool is_temporary(ssize_t n)
{
    return n < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK);
}

/* False: the connection is over. So for all of these. */
static bool read_head(struct client *c, enum fleet_by by)
{
    ssize_t n = recv(c->fd, c->head + c->size, HEAD_MOST - c->size, 0);
    if (is_temporary(n))
        return true;
    if (n <= 0)
        return give_up(c);
    c->size += (size_t)n;
    c->head[c->size] = '\0';
    if (strstr(c->head, "\r\n\r\n") || strstr(c->head, "\n\n"))
        answer_request(c, by);
    else if (c->size == HEAD_MOST)
        return give_up(c);
    return true;
}

static bool write_answer(struct client *c)
{
    ssize_t n = send(c->fd, c->answer + c->sent, c->length - c->sent, MSG_NOSIGNAL);
    if (n < 0)
        return is_temporary(n);
    c->sent += (size_t)n;
    if (c->sent == c->length) {
        (void)shutdown(c->fd, SHUT_WR);
        c->phase = ENDS;
        c->deadline = now_ms() + END_MOST;
    }
    return true;
}

/* What is left to read would make the kernel reset the connection, and the answer with it. */
static bool read_rest(struct client *c)
{
    char rest[4096];
    ssize_t n = recv(c->fd, rest, sizeof rest, 0);
    return n > 0 || is_temporary(n);
}

static bool go_on(struct client *c, enum fleet_by by)
{
    switch (c->phase) {
    case READS: return read_head(c, by);
    case WRITES: return write_answer(c);
    default: return read_rest(c);
    }
}

/* The phase took too long. */
static bool is_late(struct client *c)
{
    return c->phase != READS || !give_up(c);
}

/* Those that are READY, and those whose time is over. From the last one on: one that goes takes along only a
 * place that was looked at. */
static void serve_clients(const struct pollfd *ready, enum fleet_by by)
{
    for (size_t i = clients; i-- > 0;) {
        struct client *c = &client[i];
        if (ready[i].revents ? !go_on(c, by) : now_ms() >= c->deadline && is_late(c))
            remove_client(i);
    }
}

/* Wait until there is something to do, the time of a client is over, or a signal says that all is. FDS[i] is
 * that of client i, the one behind them FD, where another client may come. */
static bool wait_for(struct pollfd *fds, int fd)
{
    long next = 0, now = now_ms();
    for (size_t i = 0; i < clients; i++) {
        fds[i] = (struct pollfd){client[i].fd, client[i].phase == WRITES ? POLLOUT : POLLIN, 0};
        next = !next || client[i].deadline < next ? client[i].deadline : next;
    }
    fds[clients] = (struct pollfd){clients < CLIENTS_MOST ? fd : -1, POLLIN, 0};
    long left = next > now ? next - now : 0;
    struct timespec t = {left / 1000, left % 1000 * 1000000};
    return !ended && (ppoll(fds, clients + 1, next ? &t : NULL, &outside) >= 0 || errno == EINTR);
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

static void serve_all(int fd, enum fleet_by by)
{
    struct pollfd fds[CLIENTS_MOST + 1];
    while (wait_for(fds, fd)) {
        bool comes = fds[clients].revents != 0;
        serve_clients(fds, by);
        if (comes)
            add_client(accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
    }
    while (clients)
        remove_client(clients - 1);
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
    serve_all(fd, by);
    close(fd);
    return EXIT_OK;
}
