/* SPDX-License-Identifier: MIT */
/* commands/commands.h - the entry points of the commands. */
#ifndef HAK_TOOL_COMMANDS_H
#define HAK_TOOL_COMMANDS_H

/* The commands; argv[0] is the command's name. */
int command_run(int argc, char **argv);
int command_options(int argc, char **argv);
int command_check(int argc, char **argv);
int command_stat(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_top(int argc, char **argv);
int command_purge(int argc, char **argv);
int command_profile(int argc, char **argv);
int command_leaks(int argc, char **argv);
int command_metrics(int argc, char **argv);

/* Hidden: what check runs as its trial process. */
int command_trial(int argc, char **argv);

#endif
