/** The rules by which the stand-in misbehaves. */
import type { Behaviour } from './protocol.ts';

export class Behaviours {
  #rules: { readonly behaviour: Behaviour; left: number }[] = [];
  #onSet: (() => void)[] = [];

  /** Replaces the rules. */
  set(behaviours: readonly Behaviour[]): void {
    this.#rules = behaviours.map((behaviour) => ({ behaviour, left: behaviour.times ?? Infinity }));
    for (const goOn of this.#onSet.splice(0)) goOn();
  }

  /** Resolves when the current rules are replaced. */
  untilSet(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSet.push(resolve);
    });
  }

  /**
   * The rule for this request; it then counts as used once. Null if the request is to be answered properly.
   * @param hear the words of the request, for rules that ask for one
   */
  async next(
    request: { readonly nth: number; readonly sha256: string },
    hear: () => Promise<readonly string[]>,
  ): Promise<Behaviour | null> {
    const words = this.#rules.some(({ behaviour }) => behaviour.match?.word !== undefined) ? await hear() : [];
    const rule = this.#rules.find(({ behaviour: { match }, left }) => {
      return (
        left > 0 &&
        (match?.nth ?? request.nth) === request.nth &&
        (match?.sha256 ?? request.sha256) === request.sha256 &&
        (match?.word === undefined || words.includes(match.word))
      );
    });
    if (rule === undefined) return null;
    rule.left--;
    return rule.behaviour;
  }
}
