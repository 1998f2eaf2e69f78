import { describe, expect, it } from 'vitest';
import { SseParser } from './sse';

const TEXT = ': hello\n\nevent: tick\ndata: {"a":1}\n\nid: 7\nevent: alert\ndata: x\ndata: y\n\nevent: tick\ndata: z\n\n';

describe('SseParser', () => {
  it('gives the same events however the text is cut', () => {
    const whole = new SseParser().push(TEXT);
    expect(whole).toEqual([
      { type: 'tick', data: '{"a":1}', id: '' },
      { type: 'alert', data: 'x\ny', id: '7' },
      { type: 'tick', data: 'z', id: '7' },
    ]);
    for (let size = 1; size < 20; size++) {
      const parser = new SseParser();
      const events = [];
      for (let i = 0; i < TEXT.length; i += size) events.push(...parser.push(TEXT.slice(i, i + size)));
      expect(events, `in pieces of ${size}`).toEqual(whole);
    }
  });
  it('takes CRLF, and gives nothing for what is not whole', () => {
    const parser = new SseParser();
    expect(parser.push('event: tick\r\ndata: 1\r\n')).toEqual([]);
    expect(parser.push('\r\n')).toEqual([{ type: 'tick', data: '1', id: '' }]);
  });
  it('knows the id that a new connection goes on from', () => {
    const parser = new SseParser();
    parser.push('id: 41\ndata: a\n\nid: 42\ndata: b\n\n');
    expect(parser.lastId).toBe('42');
  });
});
