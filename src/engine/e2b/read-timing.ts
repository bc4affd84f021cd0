/** Times that resume-build tells of a cycle; a tool that tells them in another way tells none. */
export interface ToolTiming {
  readonly resumeMs?: number;
  readonly pauseMs?: number;
}

/** Reads the last breakdown of an output: whatever a command of the guest's has put out comes before it. */
export function readTiming(lines: readonly string[]): ToolTiming {
  const last = lines.findLastIndex((line) => line.includes('Timing breakdown:'));
  if (last < 0) return {};
  const [resumeMs, pauseMs] = ['Resume', 'Pause'].map((name) => {
    const pattern = new RegExp(`^\\s*${name}:\\s+(\\d{1,9}\\.\\d)ms$`);
    const found = lines.slice(last, last + 4).map((line) => pattern.exec(line)?.[1]);
    return found.find((text) => text !== undefined);
  });
  return {
    ...(resumeMs === undefined ? {} : { resumeMs: Number(resumeMs) }),
    ...(pauseMs === undefined ? {} : { pauseMs: Number(pauseMs) }),
  };
}
