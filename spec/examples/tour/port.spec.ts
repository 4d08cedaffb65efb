import { describe, expect, it } from 'vitest';
import { choosePort, PortError } from '../../../examples/tour/port.ts';

describe('choosePort', () => {
  it.each([
    ['8080 when nobody says anything', [], undefined, 8080],
    ['8080 when PORT is empty', [], '', 8080],
    ['PORT', [], '3000', 3000],
    ['--port N', ['--port', '3001'], undefined, 3001],
    ['--port=N', ['--port=3001'], undefined, 3001],
    ['--port before PORT', ['--port', '3001'], '3000', 3001],
    ['--port before a bad PORT', ['--port', '3001'], 'none', 3001],
    ['0, for any free port', ['--port', '0'], undefined, 0],
    ['the last one', ['--port', '65535'], undefined, 65_535],
  ])('takes %s', (_, words, fromEnvironment, port) => {
    expect(choosePort(words, fromEnvironment)).toBe(port);
  });

  it.each(['65536', '99999', '123456', '-1', '80.5', '1e3', '0x50', '80 ', 'http', ''])(
    `refuses '%s' in one sentence that says where it came from`,
    (text) => {
      const sentence = `has to be a whole number from 0 to 65535, not '${text}'.`;
      expect(() => choosePort([`--port=${text}`], undefined)).toThrow(new PortError(`--port ${sentence}`));
      if (text !== '') expect(() => choosePort([], text)).toThrow(new PortError(`PORT ${sentence}`));
    },
  );

  it.each([[['--port']], [['--port', '-1']], [['--prot', '80']], [['8080']], [['--port', '80', '81']]])(
    'refuses the words %j',
    (words) => {
      const sentence = 'The tour takes --port N, with N a whole number from 0 to 65535, and nothing else.';
      expect(() => choosePort(words, undefined)).toThrow(new PortError(sentence));
    },
  );
});
