/** Says of a title that its viewers and figures are simulated, wherever it stands beside real ones. */
import { Badge } from '@mantine/core'

export const SimulatedMark = () => (
  <Badge variant="default" tt="none" size="sm" style={{ flexShrink: 0 }}>
    Simulated
  </Badge>
)
