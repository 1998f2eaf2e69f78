/** The time of day for texts such as "5 min ago": moves on every 10 seconds. */
class Now {
  ms = $state(Date.now());
  constructor() {
    window.setInterval(() => (this.ms = Date.now()), 10_000);
  }
}

export const now = new Now();
