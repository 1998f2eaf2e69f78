// Which colours a value has (styles/parts.css). Words always stand beside them.
import type { Decision, Level, Severity, Status } from './types';

export type Tone = 'critical' | 'high' | 'medium' | 'low' | 'good' | 'accent' | 'violet' | 'neutral';

const TONES: Record<Severity | Decision | Status | Level, Tone> = {
  CRITICAL: 'critical',
  HIGH: 'high',
  MEDIUM: 'medium',
  LOW: 'low',
  APPROVE: 'good',
  REVIEW: 'medium',
  BLOCK: 'critical',
  open: 'accent',
  acknowledged: 'violet',
  confirmed_fraud: 'critical',
  false_positive: 'good',
  closed: 'neutral',
  OK: 'good',
  UNKNOWN: 'neutral',
  WARNING: 'medium',
};

export function toneOf(value: keyof typeof TONES): Tone {
  return TONES[value] ?? 'neutral';
}
