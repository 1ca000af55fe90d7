/** A figure of the period in a card, with how it is computed, and whether its days were restated. */
import type { Figures, Kpi } from './figures.ts'
import { HowButton } from './how.tsx'
import { KpiCard } from './kpi.tsx'
import { RestatedBadge } from './restated.tsx'

type FigureProps = { readonly kpi: Kpi; readonly figures: Figures; readonly change?: number | null }

export function FigureCard({ kpi, figures, change = null }: FigureProps) {
  const { label, metric, of, write } = kpi
  const late = metric === 'views' ? figures.restatedViews : 0
  return (
    <KpiCard
      label={label}
      value={write(of(figures))}
      change={change}
      aside={<HowButton label={label} report="figures" of={metric} write={write} />}
      badge={late > 0 && <RestatedBadge views={late}>Restated</RestatedBadge>}
    />
  )
}
