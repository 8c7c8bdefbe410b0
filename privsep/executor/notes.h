/*
 * Memory that outlives the gate: amirald makes it once and hands it to each
 * gate, never looks into it, and loses it when it ends. Part of amirald.
 */
#ifndef AMIRAL_EXECUTOR_NOTES_H
#define AMIRAL_EXECUTOR_NOTES_H

/* NOTES_SIZE zeros whose size nobody can change. Fatal on failure. */
int notes_open(void);

#endif
