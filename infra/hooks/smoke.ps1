# Checks from outside who may reach a deployed app: exactly the health check and the events route get past the platform, and
# the events route is refused by the app itself, for want of Microsoft's signature. azd runs it after it deployed; after it
# provisioned (smoke.ps1 -IfDeployed) it checks only what is there already. By hand: smoke.ps1 https://<app>.azurewebsites.net
param([string] $Address = $env:HUNTER_PAGE_URL, [switch] $IfDeployed)
$ErrorActionPreference = 'Stop'

if (-not $Address) { exit 0 }
$base = $Address -replace '/app$', ''
$api = "$base/api/v1/partner-center"
$tries = if ($IfDeployed) { 1 } elseif ($env:HUNTER_SMOKE_TRIES) { [int] $env:HUNTER_SMOKE_TRIES } else { 24 }

# The status of an answer, and whether the app itself gave it: every answer of the app carries a correlation id.
# A caller's identity header is sent along: where the app believed it, it would answer.
function Get-Answer([string] $Method, [string] $Uri, [string] $Body) {
    $request = @{
        Method = $Method
        Uri = $Uri
        Headers = @{ 'X-MS-CLIENT-PRINCIPAL' = 'e30=' }
        TimeoutSec = 60
        MaximumRedirection = 0
        SkipHttpErrorCheck = $true
        ErrorAction = 'SilentlyContinue'
    }
    if ($Body) {
        $request.Body = $Body
        $request.ContentType = 'application/json'
    }
    try { $answer = Invoke-WebRequest @request } catch { $answer = $_.Exception.Response }
    if (-not $answer) { return 'none platform' }
    $header = $null
    if ($answer.Headers.GetType().Name -eq 'HttpResponseHeaders') {
        $header = $answer.Headers.Contains('X-Correlation-Id')
    }
    else {
        $header = $answer.Headers.ContainsKey('X-Correlation-Id')
    }
    return "$([int] $answer.StatusCode) $(if ($header) { 'app' } else { 'platform' })"
}

$attempt = 1
while ((Get-Answer 'GET' "$base/api/health") -ne '200 app') {
    if ($attempt -ge $tries) {
        if ($IfDeployed) {
            Write-Host 'The app does not answer yet, so who may reach it was not checked; azd deploy checks it.'
            exit 0
        }
        [Console]::Error.WriteLine("The app does not answer at $base/api/health.")
        exit 1
    }
    $attempt++
    Start-Sleep -Seconds 5
}

$failed = $false
$answer = Get-Answer 'POST' "$api/events" '{}'
if ($answer -notin '401 app', '404 app', '429 app') {
    [Console]::Error.WriteLine("The events route has to be refused by the app itself, and was answered: $answer. See excludedPaths.")
    $failed = $true
}
foreach ($address in "GET $base/app", "GET $api/referrals", "GET $api/sync", "POST $api/referrals/sync", "GET $api/webhook",
    "POST $api/sign-in", "GET $api/events/x", "GET $api/me") {
    $method, $uri = $address -split ' ', 2
    $answer = Get-Answer $method $uri
    if ($answer -like '200 *' -or $answer -like '* app') {
        [Console]::Error.WriteLine("$uri has to be refused by the platform, and was answered: $answer. Close the app: docs/security.md.")
        $failed = $true
    }
}
if ($failed) { exit 1 }
Write-Host "Nobody gets in without a sign-in, and events only with Microsoft's signature."
