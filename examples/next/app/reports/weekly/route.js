import clinic from '../../../../shared/clinic.cjs';

export const dynamic = 'force-dynamic';

export async function GET() {
  return Response.json(await clinic.weeklyReport());
}
