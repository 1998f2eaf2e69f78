// The text of server-sent events → events. EventSource is not used, as it can neither send Last-Event-ID on a new connection
// nor say why one failed.

export interface SseMessage {
  type: string;
  data: string;
  id: string;
}

/** Takes the text as it comes, in any pieces, and gives the events that are whole. */
export class SseParser {
  private rest = '';
  private type = '';
  private data: string[] = [];
  /** Holds on from event to event, as the standard wants it. */
  lastId = '';

  push(text: string): SseMessage[] {
    const events: SseMessage[] = [];
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line === '') {
        if (this.data.length > 0) events.push({ type: this.type || 'message', data: this.data.join('\n'), id: this.lastId });
        this.type = '';
        this.data = [];
      } else this.field(line);
    }
    return events;
  }

  private field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return; // A comment: it keeps the line open.
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') this.type = value;
    else if (name === 'data') this.data.push(value);
    else if (name === 'id') this.lastId = value;
  }
}
