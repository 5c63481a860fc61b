import clinic from '../../../shared/clinic.cjs';

export async function POST(request) {
  return Response.json(await clinic.book(await request.json()));
}
