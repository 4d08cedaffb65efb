// The scripts of one world: `w.spawn`. Each runs beside the test, as a task on the clock of the
// world, and its error fails the world. seeded-world.ts calls it.

import type { Agenda } from '../seeded/agenda.ts';
import type { Thrown } from './checks.ts';
import type { Escapes } from './escapes.ts';
import { taskOf } from '../../../tasks/task.ts';
import type { Task } from '../../../tasks/task.ts';
import { schedulingOf } from '../../../time/scheduling.ts';
import { badArgument, checkFunction } from '../../../core/arguments.ts';

interface Script {
  readonly name: string;
  hasEnded: boolean;
}

/** The scripts of one world. */
export class Scripts {
  readonly #agenda: Agenda;
  readonly #escapes: Escapes;
  readonly #onError: (thrown: Thrown) => void;
  readonly #all: Script[] = [];

  /** @param onError - Gets what a script throws, with its name. */
  constructor(agenda: Agenda, escapes: Escapes, onError: (thrown: Thrown) => void) {
    this.#agenda = agenda;
    this.#escapes = escapes;
    this.#onError = onError;
  }

  /** The names of the scripts that have not ended. */
  get running(): readonly string[] {
    return this.#all.filter(({ hasEnded }) => !hasEnded).map(({ name }) => name);
  }

  /** Starts a script. @throws UsageError `COROSOCK_ARGUMENT`. */
  spawn(name: string, script: () => Promise<void>): Task<void> {
    if (typeof name !== 'string') throw badArgument('w.spawn()', 'name to be a string', name);
    checkFunction('w.spawn()', 'script', script);
    const entry: Script = { name, hasEnded: false };
    this.#all.push(entry);
    return taskOf(this.#run(entry, script), schedulingOf(this.#agenda));
  }

  async #run(entry: Script, script: () => Promise<void>): Promise<void> {
    const by = `script '${entry.name}'`;
    try {
      await this.#escapes.named(by, script);
    } catch (error) {
      this.#onError({ error, by });
      throw error;
    } finally {
      entry.hasEnded = true;
    }
  }
}
